// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import GRDB

extension SQLiteStore {
    /// Deletes settled rows of the history, a batch a transaction. Parked rows stay until an operator
    /// deletes them: they were never delivered.
    ///
    /// - Parameters:
    ///   - time: rows settled before it; those that no queue received are kept a day at least.
    ///   - batch: how many rows a transaction.
    /// - Returns: how many were deleted.
    public func purgeHistory(before time: Date, batch: Int = 1000) async throws -> Int {
        let (confirmed, unrouted) = (time.milliseconds, min(time, keepsUndelivered).milliseconds)
        var (total, cursor) = (0, Int64(0))
        while true {
            let start = cursor
            // In order of numbers: settling follows emitting, so that the walk can end early without an
            // index that every settlement would have to write.
            let page = try await read { (reading: SQLiteReading) in
                try reading.database.rows(
                    """
                    SELECT sequence, time, settled_at < iif(result = 'confirmed', ?, ?) AS old
                    FROM auth_outbox_history WHERE sequence > ? ORDER BY sequence LIMIT ?
                    """, [confirmed, unrouted, start, batch]
                ).map { row in
                    (sequence: row["sequence"] as Int64, time: row["time"] as Int64, old: row["old"] as Bool)
                }
            }
            guard let last = page.last else { return total }
            cursor = last.sequence
            let old = page.filter(\.old).map(\.sequence)
            if !old.isEmpty { total += try await write { try $0.purge(old, from: "auth_outbox_history") } }
            // What was emitted later was settled later still.
            if last.time >= confirmed { return total }
        }
    }

    /// Deletes sessions that have expired, those of pending log-ins among them, a batch a transaction.
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

    /// Deletes settled rows that are older than ``retention``.
    func purgeHistory() async throws -> Int {
        let seconds = TimeInterval(retention.components.seconds)
        return try await purgeHistory(before: clock.now().addingTimeInterval(-seconds))
    }
}
