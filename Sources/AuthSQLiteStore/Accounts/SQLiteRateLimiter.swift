// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthStore
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// Counts attempts in a SQLite file, atomically across all processes of a host: a sliding log.
///
/// It uses its own file, without fsync, so that counting attempts does not delay log-ins. Attempts that are lost on
/// power loss do not matter; a damaged file is recreated.
public final class SQLiteRateLimiter: SweepingRateLimiter {
    private let database: DatabaseQueue

    /// Opens the file, or creates it, readable by its owner only.
    ///
    /// - Throws: `StoreError`: `unwritable`, `busy`, …
    public init(path: String) throws {
        do {
            database = try Self.open(path)
        } catch let error as StoreError where error.code == .damaged || error.code == .notADatabase {
            for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
            database = try Self.open(path)
        }
    }

    public func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision {
        try await StoreError.convertingDatabaseErrors {
            try await database.write { database in
                var wait: TimeInterval?
                for limit in limits {
                    guard let more = try Self.wait(limit, now, database) else { continue }
                    wait = max(wait ?? 0, more)
                }
                if let wait { return .refused(retryAfter: wait) }
                let entries = try limits.map { try Self.count($0, now, database) }
                return .allowed(RateLimitTicket(entries: entries))
            }
        }
    }

    public func refund(_ ticket: RateLimitTicket) async throws {
        try await StoreError.convertingDatabaseErrors {
            try await database.write { database in
                for entry in ticket.entries {
                    try database.run("DELETE FROM auth_attempt WHERE id = ?", [entry])
                }
            }
        }
    }

    public func forget(_ buckets: [String]) async throws {
        try await StoreError.convertingDatabaseErrors {
            try await database.write { database in
                for bucket in buckets {
                    try database.run("DELETE FROM auth_attempt WHERE bucket = ?", [bucket])
                }
            }
        }
    }

    /// Deletes expired attempts, in small batches.
    ///
    /// - Returns: how many attempts were deleted.
    public func sweep(now: Date) async throws -> Int {
        var total = 0
        while true {
            let deleted = try await StoreError.convertingDatabaseErrors {
                try await database.write { database in
                    try database.run(
                        """
                        DELETE FROM auth_attempt WHERE id IN
                            (SELECT id FROM auth_attempt WHERE expires_at <= ? ORDER BY expires_at LIMIT 1000)
                        """, [now.milliseconds])
                }
            }
            total += deleted
            if deleted < 1000 { return total }
        }
    }

    // MARK: One limit

    /// How long until one more attempt is allowed, in seconds; nil if it is allowed now.
    private static func wait(
        _ limit: RateLimitUse, _ now: Date, _ database: Database
    ) throws -> TimeInterval? {
        if limit.amount <= 0 { return limit.per }
        // The amount-th youngest attempt has to expire before one more is allowed. An attempt that expires later than a
        // whole period from now was counted while the clock was ahead, and is ignored.
        let latest = limit.end(from: now.addingTimeInterval(RateLimitUse.clockTolerance))
        let blocking: Int64? = try database.value(
            """
            SELECT expires_at FROM auth_attempt
            WHERE bucket = ? AND per = ? AND expires_at > ? AND expires_at <= ?
            ORDER BY expires_at DESC LIMIT 1 OFFSET ?
            """, [limit.bucket, limit.milliseconds, now.milliseconds, latest, limit.amount - 1])
        guard let blocking else { return nil }
        return (Double(blocking) - Double(now.milliseconds)) / 1000
    }

    /// - Returns: the id of the row, which is never reused.
    private static func count(_ limit: RateLimitUse, _ now: Date, _ database: Database) throws -> Int64 {
        try database.run(
            "INSERT INTO auth_attempt (bucket, per, expires_at) VALUES (?, ?, ?)",
            [limit.bucket, limit.milliseconds, limit.end(from: now)])
        return database.lastInsertedRowID
    }

    // MARK: The file

    private static func open(_ path: String) throws -> DatabaseQueue {
        do {
            let queue = try StoreFile.queue(path, label: "auth-attempts")
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = OFF")
                guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                    throw StoreError(.damaged, "\(path) is damaged")
                }
            }
            try queue.write { try $0.execute(sql: schema) }
            return queue
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
    }

    // `per` is part of a limit's identity: two rates of one key each count the attempt once.
    private static let schema = """
        CREATE TABLE IF NOT EXISTS auth_attempt (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            bucket TEXT NOT NULL,
            per INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS auth_attempt_bucket ON auth_attempt (bucket, per, expires_at);
        CREATE INDEX IF NOT EXISTS auth_attempt_expiry ON auth_attempt (expires_at);
        """
}

extension RateLimitUse {
    fileprivate var milliseconds: Int64 { Int64(saturating: (per * 1000).rounded()) }

    fileprivate func end(from now: Date) -> Int64 {
        let (end, isTooLate) = now.milliseconds.addingReportingOverflow(milliseconds)
        return isTooLate ? .max : end
    }
}
