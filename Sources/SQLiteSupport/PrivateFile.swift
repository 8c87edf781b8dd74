// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files that only their owner may read and write, independent of the umask.
package enum PrivateFile {
    /// Opens a file; a created file gets mode 0600.
    ///
    /// - Parameter flags: of `open(2)`.
    /// - Throws: ``SQLiteFileError`` with code `unwritable`.
    package static func open(_ path: String, _ flags: Int32) throws(SQLiteFileError) -> Int32 {
        let descriptor = retrying { Foundation.open(path, flags | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else {
            throw SQLiteFileError(.unwritable, "\(path) cannot be opened for writing: \(systemError())")
        }
        // The umask can remove the owner's permissions, too.
        if flags & O_CREAT != 0 { fchmod(descriptor, 0o600) }
        return descriptor
    }

    /// Creates an empty file if it does not exist, without ever opening it under its final name.
    ///
    /// - Throws: ``SQLiteFileError`` with code `unwritable`.
    package static func create(_ path: String) throws(SQLiteFileError) {
        if access(path, F_OK) == 0 { return }
        let draft = "\(path).\(UUID().uuidString)"
        close(try open(draft, O_RDWR | O_CREAT | O_EXCL))
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw SQLiteFileError(.unwritable, "\(path) cannot be created: \(systemError())")
        }
    }

    /// Removes the permissions of group and others from a file, if this user owns it; the file of another user keeps
    /// its mode.
    package static func restrictMode(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0
        else { return }
        chmod(path, 0o600)
    }

    /// Flushes a file or a folder to the disk.
    ///
    /// - Throws: ``SQLiteFileError`` with code `unwritable`.
    package static func synchronize(_ path: String) throws(SQLiteFileError) {
        let descriptor = retrying { Foundation.open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw SQLiteFileError(.unwritable, "\(path) cannot be opened: \(systemError())")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw SQLiteFileError(.unwritable, "\(path) cannot be written to the disk: \(systemError())")
        }
    }

    /// Whether the open file is still the one at the path.
    package static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && open.st_ino == named.st_ino
            && open.st_dev == named.st_dev
    }

    /// The system's text for `errno`.
    package static func systemError() -> String { String(cString: strerror(errno)) }

    package static func retrying(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
