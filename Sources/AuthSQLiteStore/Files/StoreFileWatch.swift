// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Foundation

/// The identity of the file that a path names, independent of its content: device and inode.
///
/// It is read by path: opening and closing the store's file would release the locks that this process holds on it
/// (SQLite, “How To Corrupt An SQLite Database File”, 2.2).
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// Nil if the file does not exist.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// Checks that the store's file is still the one that was opened. Rows written to a file that was deleted or replaced
/// are invisible to other processes, and lost when this process ends.
struct StoreFileWatch: Sendable {
    private let path: String
    private let opened: FileIdentity?

    /// - Parameter path: nil for a store in memory, which cannot be replaced.
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
                "\(path) was deleted or replaced while it was in use: put it back, or restart this program"
            )
        }
    }
}
