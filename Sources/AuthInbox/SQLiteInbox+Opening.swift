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
            // GRDB sets `synchronous` to NORMAL when it enables WAL, after `prepareDatabase`. A pool has one writing
            // connection, so once is enough.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return pool
        } catch let error as DatabaseError {
            throw InboxError(error, at: path)
        }
    }

    /// Creates the file with mode 0600, which SQLite also uses for the `-wal` and `-shm` files.
    private static func makePrivateFile(_ path: String) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: path) { return }
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw InboxError(
                .cannotOpen, "the folder \(folder) does not exist: create it, or choose another path")
        }
        guard manager.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw InboxError(
                .notWritable, "\(path) cannot be created: check whether its folder is writable")
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
    init(_ error: DatabaseError, at path: String) {
        switch error.resultCode {
        case .SQLITE_READONLY, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_PERM:
            self.init(
                .notWritable, "\(path) is not writable: check its mode, its owner and the disk",
                resultCode: error.extendedResultCode)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .cannotOpen, "\(path) is not a SQLite database, or is corrupted",
                resultCode: error.extendedResultCode)
        default:
            self.init(.cannotOpen, "\(path) cannot be opened", resultCode: error.extendedResultCode)
        }
    }
}
