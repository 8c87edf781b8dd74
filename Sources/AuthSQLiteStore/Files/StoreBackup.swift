// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// Backup and restore of a store.
///
/// A restored copy of the file would reuse sequence numbers of other signals, but subscribers compare a signal's
/// `sequence`. A restored store therefore continues at the microseconds since 1970, which is higher than any number
/// before, as long as a store emits less than a million signals per second.
public enum StoreBackup {
    /// Copies a store into a new file, readable by its owner only, while it is in use (SQLite's online backup).
    ///
    /// The secret key is not included: without the key, the encrypted values in the backup are lost.
    ///
    /// - Throws: `StoreError`: `unwritable` if the file exists or cannot be created, `notADatabase` if the copy fails
    ///   the integrity check.
    public static func make(of store: SQLiteStore, at path: String) async throws {
        try await StoreError.convertingDatabaseErrors {
            try await blocking { try copy(store.database, to: path) { try checkSound($0) } }
        }
    }

    /// Restores a store's file from a backup.
    ///
    /// The file must not exist: move the old one away first, after the processes that use it have ended.
    ///
    /// - Parameters:
    ///   - backup: a file written by ``make(of:at:)``, or another consistent copy.
    ///   - store: the store's path.
    ///   - now: the current time.
    /// - Returns: the sequence number after which the restored store continues.
    /// - Throws: `StoreError`: `unwritable`, `notADatabase`, `newerSchema`.
    public static func restore(
        _ backup: String, to store: String, at now: Date = Date()
    ) async throws -> Int64 {
        try await StoreError.convertingDatabaseErrors {
            for leftover in [store + "-wal", store + "-shm"] where exists(leftover) {
                throw StoreError(
                    .unwritable, "\(leftover) belongs to the old store: move it away together with \(store)")
            }
            guard exists(backup) else { throw StoreError(.unwritable, "\(backup) does not exist") }
            return try await blocking {
                let source = try StoreFile.reading(backup)
                var start: Int64 = 0
                try copy(source, to: store) { queue in
                    guard try queue.read({ try $0.tableExists("auth_outbox") }) else {
                        throw StoreError(.notADatabase, "\(backup) is not a backup of a store")
                    }
                    try queue.read(StoreFile.checkNotNewer)
                    try SQLiteStore.migrator.migrate(queue)
                    start = try queue.write { try skipNumbers($0, now) }
                    try checkSound(queue)
                }
                try source.close()
                return start
            }
        }
    }

    /// Raises the next sequence number above any that the lost store may have assigned.
    private static func skipNumbers(_ database: Database, _ now: Date) throws -> Int64 {
        let last = try OutboxCount.lastSequence(database)
        let (time, isTooLarge) = now.milliseconds.multipliedReportingOverflow(by: 1000)
        guard !isTooLarge, time > 0 else {
            throw StoreError(.unsuitable, "this host's clock is wrong: set it, and try again")
        }
        let start = max(last, time)
        try database.run("DELETE FROM sqlite_sequence WHERE name = 'auth_outbox'")
        try database.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('auth_outbox', ?)", [start])
        try database.run(
            "UPDATE auth_outbox_count SET skipped = skipped + ?, restored_at = ?",
            [start &- last, now.milliseconds])
        return start
    }

    /// Copies a database into a new file, which appears under its name when it is complete.
    private static func copy(
        _ source: any DatabaseReader, to path: String, _ finish: (DatabaseQueue) throws -> Void
    ) throws {
        guard !exists(path) else {
            throw StoreError(.unwritable, "\(path) exists: move it away, or name another file")
        }
        let draft = "\(path).\(UUID().uuidString)"
        try StoreError.convertingFileErrors(try PrivateFile.create(draft))
        defer { for file in [draft, draft + "-wal", draft + "-shm", draft + "-journal"] { unlink(file) } }
        let queue = try DatabaseQueue(path: draft)
        try source.backup(to: queue)
        // One file, without a write-ahead log beside it.
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try finish(queue)
        try queue.close()
        try StoreError.convertingFileErrors(try PrivateFile.synchronize(draft))
        guard link(draft, path) == 0 else {
            throw StoreError(.unwritable, "\(path) cannot be created: \(PrivateFile.systemError())")
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try StoreError.convertingFileErrors(try PrivateFile.synchronize(folder))
    }

    private static func checkSound(_ queue: DatabaseQueue) throws {
        let answer = try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }
        guard answer == "ok" else {
            throw StoreError(.notADatabase, "the copy fails the integrity check: \(answer ?? "no answer")")
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Runs blocking work outside Swift's cooperative thread pool.
    private static func blocking<Answer: Sendable>(
        _ work: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue.global().async { done.resume(with: Result(catching: work)) }
        }
    }
}
