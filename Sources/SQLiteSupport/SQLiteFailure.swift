// SPDX-License-Identifier: Apache-2.0
package import GRDB

/// What an error of SQLite means for the caller.
package enum SQLiteFailure: Hashable, Sendable {
    /// The disk is full.
    case full
    /// Another connection holds a lock.
    case busy
    /// The file is not a SQLite database.
    case notADatabase
    case damaged
    /// The file exists and cannot be written by this user.
    case readOnly
    case cannotOpen
    /// The operating system failed to read or write.
    case inputOutput
    /// SQLite has refused a statement: a violated constraint, or a mistake in the statement.
    case rejected

    package init(_ error: DatabaseError) {
        // The index of the write-ahead log is a separate file, which cannot grow on a full disk either.
        if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
            self = .full
            return
        }
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_NOTADB: .notADatabase
            case .SQLITE_CORRUPT: .damaged
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .readOnly
            case .SQLITE_CANTOPEN: .cannotOpen
            case .SQLITE_IOERR, .SQLITE_NOLFS, .SQLITE_PROTOCOL: .inputOutput
            default: .rejected
            }
    }
}
