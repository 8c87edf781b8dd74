// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// Opening the store's file, and making sure that it is what the store needs.
enum StoreFile {
    /// Opens a pool on the file, which is made where there is none.
    static func open(_ path: String) throws -> DatabasePool {
        try opened(path) { try DatabasePool(path: path, configuration: configuration("auth-store")) }
    }

    /// Opens a pool on a file that exists, and leaves its mode as it is.
    static func existing(_ path: String) throws -> DatabasePool {
        try checkExists(path)
        return try attempt(path) {
            try DatabasePool(path: path, configuration: configuration("auth-store"))
        }
    }

    /// Opens one connection that reads a file and changes nothing but SQLite's own index of the write-ahead log.
    static func reading(_ path: String) throws -> DatabaseQueue {
        try checkExists(path)
        var configuration = configuration("auth-store.reading")
        configuration.readonly = true
        return try attempt(path) { try DatabaseQueue(path: path, configuration: configuration) }
    }

    private static func checkExists(_ path: String) throws(StoreError) {
        guard access(path, F_OK) == 0 else {
            throw StoreError(.missing, "\(path) does not exist: `auth-signals migrate` makes it")
        }
    }

    /// Opens one connection, with a write-ahead log, on a file that is made where there is none.
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
            // A log that once grew large is cut back.
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    /// Makes the file with mode 0600 before SQLite would with the umask's; its log and index follow it.
    ///
    /// An existing file is not opened here: closing it would free the locks that this process's other
    /// connections hold on it (SQLite, “How To Corrupt An SQLite Database File”, 2.2).
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
            throw StoreError(.unwritable, "\(path) cannot be made: there is no folder \(folder)")
        }
    }

    /// Turning a new file to write-ahead logging takes a lock that SQLite does not wait for: two processes
    /// that open it at once must.
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

    /// Sets and checks what the store relies on.
    ///
    /// - Returns: the file's path without symbolic links; nil for a database in memory.
    static func check(_ pool: any DatabaseWriter) throws -> String? {
        do {
            return try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL when it turns write-ahead logging on, which is after its configuration's
                // hook: with NORMAL a power cut takes back signals that were published.
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
                "a newer version of this program has migrated the store: use that version, or an older copy"
            )
        }
    }
}
