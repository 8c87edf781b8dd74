// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

extension SQLiteStore {
    public func recordSpace() { StoreSpace(file)?.record() }

    /// Deletes settled rows of the history, one batch per transaction. Parked rows stay until an operator deletes them,
    /// because they were never delivered.
    ///
    /// - Parameters:
    ///   - time: rows settled before it are deleted; unrouted ones are kept for at least a day.
    ///   - batch: how many rows per transaction.
    /// - Returns: how many were deleted.
    public func purgeHistory(before time: Date, batch: Int = 1000) async throws -> Int {
        let (confirmed, unrouted) = (time.milliseconds, min(time, undeliveredCutoff).milliseconds)
        var (total, cursor) = (0, Int64(0))
        while true {
            let start = cursor
            // In order of sequence numbers: rows are settled after they are emitted, so the scan can end early without
            // an index that every settlement would have to update.
            let page = try await read { (reading: SQLiteReading) in
                try reading.database.rows(
                    """
                    SELECT sequence, time, \(Self.isOld) AS old
                    FROM auth_outbox_history WHERE sequence > ? ORDER BY sequence LIMIT ?
                    """, [confirmed, unrouted, start, batch]
                ).map { row in
                    (sequence: row["sequence"] as Int64, time: row["time"] as Int64, old: row["old"] as Bool)
                }
            }
            guard let last = page.last else { return total }
            cursor = last.sequence
            let old = page.filter(\.old).map(\.sequence)
            if !old.isEmpty {
                total += try await write { transaction in
                    try transaction.purge(
                        old, from: "auth_outbox_history", where: Self.isOld, [confirmed, unrouted])
                }
            }
            // Rows that were emitted after `confirmed` were settled even later.
            if last.time >= confirmed { return total }
        }
    }

    /// Whether a row of the history was settled long ago; the parameters are the times for confirmed and other rows.
    private static let isOld = "settled_at < iif(result = 'confirmed', ?, ?)"

    /// Deletes expired sessions, including those of pending log-ins, one batch per transaction.
    ///
    /// - Returns: how many were deleted.
    public func purgeExpiredSessions(batch: Int = 1000) async throws -> Int {
        var total = 0
        while true {
            let deleted = try await write { try $0.deleteExpiredSessions(limit: batch) }
            total += deleted
            if deleted < batch { return total }
        }
    }

    /// Whether the clock is plausible enough for deleting old rows (`ClockJumpCheck`). The last run is stored, so that
    /// a process that starts with a wrong clock is detected, too.
    ///
    /// - Parameters:
    ///   - process: identifies the caller. If one process doubts the clock, another one cannot confirm it a moment
    ///     later, because both read the same clock.
    ///   - period: the time between two runs of a process.
    public func permitsDeletion(process: String, period: Duration) async throws -> Bool {
        try await write { transaction in
            let (database, now) = (transaction.database, transaction.now)
            var check = ClockJumpCheck()
            var doubter: String?
            if let row = try database.row("SELECT ran_at, doubted_at, doubted_by FROM auth_housekeeping") {
                check.lastRun = (row["ran_at"] as Int64?).map(Date.init(milliseconds:))
                check.doubtedAt = (row["doubted_at"] as Int64?).map(Date.init(milliseconds:))
                doubter = row["doubted_by"]
            }
            if let doubtedAt = check.doubtedAt, let doubter, doubter != process,
                (0..<(period / .seconds(1) / 2)).contains(now.timeIntervalSince(doubtedAt))
            {
                return false
            }
            let isPlausible = check.accepts(now)
            try database.run(
                "UPDATE auth_housekeeping SET ran_at = ?, doubted_at = ?, doubted_by = ?",
                [
                    check.lastRun?.milliseconds, check.doubtedAt?.milliseconds,
                    check.doubtedAt == nil ? nil : process,
                ])
            return isPlausible
        }
    }
}
