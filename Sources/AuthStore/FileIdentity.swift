// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Which file a path names, whatever is written into it: device and inode.
///
/// It is found by name alone: to open and close the store's file would free the locks that this process holds
/// on it (SQLite, “How To Corrupt An SQLite Database File”, 2.2).
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// Nil where there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// That the store's file is still the one that was opened. Nobody sees what is written into a file that was
/// deleted or replaced, and it is gone when the process ends.
struct StoreFileWatch: Sendable {
    private let path: String
    private let opened: FileIdentity?

    /// - Parameter path: nil for a store in memory, which nobody can replace.
    init?(_ path: String?) {
        guard let path else { return nil }
        self.path = path
        opened = FileIdentity(path)
    }

    /// - Throws: ``StoreError``: `replaced`.
    func check() throws(StoreError) {
        guard let opened, FileIdentity(path) == opened else {
            throw StoreError(
                .replaced,
                "\(path) was deleted or replaced while it was in use: put it back, or start this program again"
            )
        }
    }
}
