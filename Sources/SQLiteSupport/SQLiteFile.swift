// SPDX-License-Identifier: Apache-2.0
import Foundation
package import GRDB

/// A SQLite database in a file of its own, which several processes may open at the same time.
package struct SQLiteFile: Sendable {
    package let path: String
    /// The label of the connections' threads and queues.
    private let label: String

    package init(_ path: String, label: String) {
        self.path = path
        self.label = label
    }

    package var exists: Bool { access(path, F_OK) == 0 }

    // MARK: The file

    /// Creates the file if it does not exist, with mode 0600, because SQLite would use the umask; the log and the index
    /// get the same mode.
    ///
    /// An existing file is not opened here: closing it would release the locks that other connections of this process
    /// hold on it (SQLite, “How To Corrupt An SQLite Database File”, 2.2).
    ///
    /// - Throws: ``SQLiteFileError``: `missingFolder`, `unwritable`.
    package func create() throws(SQLiteFileError) {
        try checkFolder()
        try PrivateFile.create(path)
        try checkWritable()
        for file in [path, path + "-wal", path + "-shm"] { PrivateFile.restrictMode(file) }
    }

    /// - Throws: ``SQLiteFileError``: `unwritable` if this user cannot write the file.
    package func checkWritable() throws(SQLiteFileError) {
        guard access(path, R_OK | W_OK) == 0 else {
            throw SQLiteFileError(.unwritable, "\(path) cannot be written: \(PrivateFile.systemError())")
        }
    }

    /// - Throws: ``SQLiteFileError``: `missingFolder` if the file's folder does not exist.
    package func checkFolder() throws(SQLiteFileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        guard exists, isFolder.boolValue else {
            throw SQLiteFileError(
                .missingFolder, "\(path) cannot be created: the folder \(folder) does not exist")
        }
    }

    // MARK: Connections

    /// Opens a pool, with a write-ahead log.
    package func openPool() throws -> DatabasePool {
        try retryingWhileBusy { try DatabasePool(path: path, configuration: configuration) }
    }

    /// Opens one connection, with a write-ahead log.
    package func openQueue() throws -> DatabaseQueue {
        var configuration = configuration
        configuration.journalMode = .wal
        return try retryingWhileBusy { try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// Opens one read-only connection, which changes nothing except SQLite's own index of the write-ahead log.
    package func openReadOnly() throws -> DatabaseQueue {
        var configuration = configuration
        configuration.readonly = true
        return try retryingWhileBusy { try DatabaseQueue(path: path, configuration: configuration) }
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = label
        configuration.busyMode = .timeout(5)
        let observer = StatementObserver.current
        configuration.prepareDatabase { database in
            if let observer { StatementObserver.observe(database, observer) }
            // Truncates a write-ahead log that has grown large.
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    /// Switching a new file to write-ahead logging takes a lock that SQLite does not wait for, so two processes that
    /// open it at the same time have to.
    private func retryingWhileBusy<D>(_ open: () throws -> D) throws -> D {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try open()
            } catch let error as DatabaseError
                where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
            {
                usleep(20_000)
            }
        }
    }
}

extension Database {
    /// Makes every commit wait for the disk, so that it survives a power loss.
    ///
    /// GRDB sets NORMAL when it enables write-ahead logging, which is after the configuration's hook. A pool has one
    /// writing connection, so one call is enough.
    package func syncEveryCommit() throws { try execute(sql: "PRAGMA synchronous = FULL") }
}
