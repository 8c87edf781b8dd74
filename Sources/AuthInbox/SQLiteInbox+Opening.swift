// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

extension SQLiteInbox {
    static func open(_ path: String) throws -> DatabasePool {
        try makePrivateFile(path)
        var configuration = Configuration()
        configuration.label = "AuthInbox"
        configuration.busyMode = .timeout(5)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            // GRDB sets NORMAL when it turns the write-ahead log on, after `prepareDatabase`: a pool has one
            // writing connection, so once is enough.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return pool
        } catch let error as DatabaseError {
            throw InboxError(error, at: path)
        }
    }

    /// SQLite gives the files beside it (`-wal`, `-shm`) the mode of the database.
    private static func makePrivateFile(_ path: String) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: path) { return }
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw InboxError(.cannotOpen, "there is no folder \(folder): make it, or choose another path")
        }
        guard manager.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw InboxError(.notWritable, "\(path) cannot be made: is the folder writable?")
        }
    }

    /// What SQLite says `synchronous` and `journal_mode` are.
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
    init(_ error: DatabaseError, at path: String) {
        switch error.resultCode {
        case .SQLITE_READONLY, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_PERM:
            self.init(
                .notWritable, "\(path) cannot be written: look at its mode, its owner and the disk",
                resultCode: error.extendedResultCode)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .cannotOpen, "\(path) is no SQLite database, or a damaged one",
                resultCode: error.extendedResultCode)
        default:
            self.init(.cannotOpen, "\(path) cannot be opened", resultCode: error.extendedResultCode)
        }
    }
}
