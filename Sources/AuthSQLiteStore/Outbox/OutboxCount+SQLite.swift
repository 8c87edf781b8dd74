// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation
import GRDB

/// SQLite itself counts the emitted rows: the AUTOINCREMENT number of a rolled-back transaction is rolled back too.
extension OutboxCount {
    init(_ database: Database) throws {
        self.init()
        guard let row = try database.row("SELECT * FROM auth_outbox_count") else { return }
        confirmed = row["confirmed"]
        unrouted = row["unrouted"]
        parked = row["parked"]
        purged = row["purged"]
        erased = row["erased"]
        skipped = row["skipped"]
        restoredAt = (row["restored_at"] as Int64?).map(Date.init(milliseconds:))
        pausedSince = (row["paused_at"] as Int64?).map(Date.init(milliseconds:))
    }

    /// Adds these counters, which may be negative, to the stored ones.
    func add(to database: Database) throws {
        if isEmpty { return }
        try database.run(
            """
            UPDATE auth_outbox_count SET confirmed = confirmed + ?, unrouted = unrouted + ?,
                parked = parked + ?, purged = purged + ?, erased = erased + ?
            """, [confirmed, unrouted, parked, purged, erased])
    }

    static func status(_ database: Database) throws -> OutboxStatus {
        let oldest: Int64? = try database.value("SELECT time FROM auth_outbox ORDER BY sequence LIMIT 1")
        return try OutboxCount(database).status(
            lastSequence: Int(try lastSequence(database)), oldestPending: oldest.map(Date.init(milliseconds:))
        )
    }

    /// The highest sequence number that was assigned.
    static func lastSequence(_ database: Database) throws -> Int64 {
        try database.value("SELECT seq FROM sqlite_sequence WHERE name = 'auth_outbox'") ?? 0
    }
}
