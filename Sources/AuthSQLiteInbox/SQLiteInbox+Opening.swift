// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteSupport

extension SQLiteInbox {
    /// Opens the file, which is created if it does not exist; only its owner can access it.
    static func open(_ path: String) throws -> DatabasePool {
        let file = SQLiteFile(path, label: "AuthSQLiteInbox")
        do {
            try file.create()
            let pool = try file.openPool()
            try pool.writeWithoutTransaction { try $0.syncEveryCommit() }
            return pool
        } catch let error as SQLiteFileError {
            throw InboxError(error)
        } catch let error as DatabaseError {
            throw InboxError(error, at: path)
        }
    }

    /// The values of `synchronous` and `journal_mode`.
    func durability() throws -> (synchronous: Int?, journal: String?) {
        try database.writeWithoutTransaction { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                try String.fetchOne(db, sql: "PRAGMA journal_mode")
            )
        }
    }
}

extension InboxError {
    init(_ error: SQLiteFileError) {
        let code: Code =
            switch error.code {
            case .missingFolder: .cannotOpen
            case .unwritable: .notWritable
            }
        self.init(code, error.message)
    }

    init(_ error: DatabaseError, at path: String) {
        let (code, text): (Code, String) =
            switch SQLiteFailure(error) {
            case .readOnly, .full, .inputOutput:
                (.notWritable, "is not writable: check its mode, its owner and the disk")
            case .notADatabase, .damaged: (.cannotOpen, "is not a SQLite database, or is corrupted")
            case .cannotOpen, .busy, .rejected: (.cannotOpen, "cannot be opened")
            }
        self.init(code, "\(path) \(text)", resultCode: error.extendedResultCode)
    }
}
