// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files that only their owner may read and write, independent of the umask.
enum PrivateFile {
    /// Opens a file; a created file gets mode 0600.
    ///
    /// - Parameter flags: of `open(2)`.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/unwritable``.
    static func open(_ path: String, _ flags: Int32) throws(StoreError) -> Int32 {
        let descriptor = retrying { Foundation.open(path, flags | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else {
            throw StoreError(.unwritable, "\(path) cannot be opened for writing: \(systemError())")
        }
        // The umask can remove the owner's permissions, too.
        if flags & O_CREAT != 0 { fchmod(descriptor, 0o600) }
        return descriptor
    }

    /// Creates an empty file if it does not exist, without ever opening it under its final name.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/unwritable``.
    static func make(_ path: String) throws(StoreError) {
        if access(path, F_OK) == 0 { return }
        let draft = "\(path).\(UUID().uuidString)"
        close(try open(draft, O_RDWR | O_CREAT | O_EXCL))
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw StoreError(.unwritable, "\(path) cannot be created: \(systemError())")
        }
    }

    /// Removes the permissions of group and others from a file, if this user owns it; the file of another user keeps
    /// its
    /// mode.
    static func tighten(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0
        else { return }
        chmod(path, 0o600)
    }

    /// Flushes a file or a folder to the disk.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/unwritable``.
    static func synchronize(_ path: String) throws(StoreError) {
        let descriptor = retrying { Foundation.open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw StoreError(.unwritable, "\(path) cannot be opened: \(systemError())")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw StoreError(.unwritable, "\(path) cannot be written to the disk: \(systemError())")
        }
    }

    /// Whether the open file is still the one at the path.
    static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && open.st_ino == named.st_ino
            && open.st_dev == named.st_dev
    }

    /// The system's text for `errno`.
    static func systemError() -> String { String(cString: strerror(errno)) }

    static func retrying(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
