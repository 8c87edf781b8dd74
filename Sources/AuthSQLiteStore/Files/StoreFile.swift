// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Foundation
import GRDB
import SQLiteSupport

/// Opens the store's file and checks its requirements.
enum StoreFile {
    /// Opens a pool on the file, which is created if it does not exist.
    static func open(_ path: String) throws -> DatabasePool {
        try opening(SQLiteFile(path, label: "auth-store")) { file in
            try file.create()
            return try file.openPool()
        }
    }

    /// Opens a pool on an existing file, without changing its mode.
    static func existing(_ path: String) throws -> DatabasePool {
        try opening(SQLiteFile(path, label: "auth-store")) { file in
            try checkExists(file)
            return try file.openPool()
        }
    }

    /// Opens one read-only connection, which changes nothing except SQLite's own index of the write-ahead log.
    static func reading(_ path: String) throws -> DatabaseQueue {
        try opening(SQLiteFile(path, label: "auth-store.reading")) { file in
            try checkExists(file)
            return try file.openReadOnly()
        }
    }

    /// Opens one connection, with a write-ahead log, on a file that is created if it does not exist.
    static func queue(_ path: String, label: String) throws -> DatabaseQueue {
        try opening(SQLiteFile(path, label: label)) { file in
            try file.create()
            return try file.openQueue()
        }
    }

    private static func checkExists(_ file: SQLiteFile) throws(StoreError) {
        guard file.exists else {
            throw StoreError(.missing, "\(file.path) does not exist: `auth-signals migrate` creates it")
        }
    }

    private static func opening<D>(_ file: SQLiteFile, _ open: (SQLiteFile) throws -> D) throws -> D {
        do {
            return try open(file)
        } catch let error as SQLiteFileError {
            throw StoreError(error)
        } catch let error as DatabaseError {
            throw StoreError(
                StoreError(error).code, "\(file.path) cannot be opened: \(error.message ?? "")",
                sqliteCode: error.extendedResultCode.rawValue)
        }
    }

    /// Sets and checks the database options that the store relies on.
    ///
    /// - Returns: the file's path without symbolic links; nil for a database in memory.
    static func check(_ pool: any DatabaseWriter) throws -> String? {
        do {
            return try pool.writeWithoutTransaction { database in
                // Without it, a power loss rolls back the rows of signals that were already published.
                try database.syncEveryCommit()
                guard try Bool.fetchOne(database, sql: "PRAGMA foreign_keys") == true else {
                    throw StoreError(.unsuitable, "the database's foreign keys are off; leave them on")
                }
                try checkNotNewer(database)
                let file = try String.fetchOne(
                    database, sql: "SELECT file FROM pragma_database_list WHERE name = 'main'")
                guard let file, !file.isEmpty else { return nil }
                return URL(fileURLWithPath: file).resolvingSymlinksInPath().path
            }
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
    }

    @Sendable static func checkNotNewer(_ database: Database) throws {
        guard try database.tableExists("grdb_migrations") else { return }
        let known = try JSONEncoder().encode(SQLiteStore.knownMigrations)
        let unknown = try String.fetchOne(
            database,
            sql: """
                SELECT identifier FROM grdb_migrations
                WHERE substr(identifier, 1, length(:prefix)) = :prefix
                    AND identifier NOT IN (SELECT value FROM json_each(:known))
                """,
            arguments: [
                "prefix": SQLiteStore.migrationPrefix,
                "known": String(decoding: known, as: UTF8.self),
            ])
        guard unknown == nil else {
            throw StoreError(
                .newerSchema,
                "a newer version of this program has migrated the store: use that version, or an older backup"
            )
        }
    }
}
