// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// Opens the store's file and checks its requirements.
enum StoreFile {
    /// Opens a pool on the file, which is created if it does not exist.
    static func open(_ path: String) throws -> DatabasePool {
        try opened(path) { try DatabasePool(path: path, configuration: configuration("auth-store")) }
    }

    /// Opens a pool on an existing file, without changing its mode.
    static func existing(_ path: String) throws -> DatabasePool {
        try checkExists(path)
        return try attempt(path) {
            try DatabasePool(path: path, configuration: configuration("auth-store"))
        }
    }

    /// Opens one read-only connection, which changes nothing except SQLite's own index of the write-ahead log.
    static func reading(_ path: String) throws -> DatabaseQueue {
        try checkExists(path)
        var configuration = configuration("auth-store.reading")
        configuration.readonly = true
        return try attempt(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    private static func checkExists(_ path: String) throws(StoreError) {
        guard access(path, F_OK) == 0 else {
            throw StoreError(.missing, "\(path) does not exist: `auth-signals migrate` creates it")
        }
    }

    /// Opens one connection, with a write-ahead log, on a file that is created if it does not exist.
    static func queue(_ path: String, label: String) throws -> DatabaseQueue {
        var configuration = configuration(label)
        configuration.journalMode = .wal
        return try opened(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    private static func configuration(_ label: String) -> Configuration {
        var configuration = Configuration()
        configuration.label = label
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // Truncates a write-ahead log that has grown large.
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    /// Creates the file with mode 0600, because SQLite would use the umask; the log and the index get the same mode.
    ///
    /// An existing file is not opened here: closing it would release the locks that other connections of this process
    /// hold on it (SQLite, “How To Corrupt An SQLite Database File”, 2.2).
    private static func prepare(_ path: String) throws {
        try checkPlace(path)
        try PrivateFile.make(path)
        try checkWritable(path)
        for file in [path, path + "-wal", path + "-shm"] { PrivateFile.tighten(file) }
    }

    /// - Throws: ``StoreError``: `unwritable` if this user cannot write the file.
    static func checkWritable(_ path: String) throws(StoreError) {
        guard access(path, R_OK | W_OK) == 0 else {
            throw StoreError(.unwritable, "\(path) cannot be written: \(PrivateFile.systemError())")
        }
    }

    /// - Throws: ``StoreError``: `unwritable` if the file's folder does not exist.
    static func checkPlace(_ path: String) throws(StoreError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        guard exists, isFolder.boolValue else {
            throw StoreError(.unwritable, "\(path) cannot be created: the folder \(folder) does not exist")
        }
    }

    /// Opens a file with retries: switching a new file to write-ahead logging takes a lock that SQLite does not wait
    /// for,
    /// so two processes that open it at the same time have to.
    private static func opened<D>(_ path: String, _ open: () throws -> D) throws -> D {
        try prepare(path)
        return try attempt(path, open)
    }

    private static func attempt<D>(_ path: String, _ open: () throws -> D) throws -> D {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try open()
            } catch let error as DatabaseError {
                if error.resultCode == .SQLITE_BUSY, ContinuousClock.now < deadline {
                    usleep(20_000)
                    continue
                }
                throw StoreError(
                    StoreError(error).code, "\(path) cannot be opened: \(error.message ?? "")",
                    sqliteCode: error.extendedResultCode.rawValue)
            }
        }
    }

    /// Sets and checks the database options that the store relies on.
    ///
    /// - Returns: the file's path without symbolic links; nil for a database in memory.
    static func check(_ pool: any DatabaseWriter) throws -> String? {
        do {
            return try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL when it enables write-ahead logging, which is after the configuration's hook. With
                // NORMAL, a power loss rolls back the rows of signals that were already published.
                try database.execute(sql: "PRAGMA synchronous = FULL")
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
