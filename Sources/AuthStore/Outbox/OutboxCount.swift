// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB
import SQLiteSupport

/// Counters of settled rows, updated when rows are settled, so that they stay correct when history is purged.
///
/// SQLite itself counts the emitted rows: the AUTOINCREMENT number of a rolled-back transaction is rolled back too.
struct OutboxCount {
    var confirmed = 0
    var unrouted = 0
    var parked = 0
    /// How many of the settled rows were deleted since.
    var purged = 0
    /// How many pending rows were erased.
    var erased = 0
    /// How many numbers have no signal: a restored store continues at a higher number.
    private var skipped = 0
    private var restoredAt: Int64?

    init() {}

    init(_ database: Database) throws {
        guard let row = try database.row("SELECT * FROM auth_outbox_count") else { return }
        confirmed = row["confirmed"]
        unrouted = row["unrouted"]
        parked = row["parked"]
        purged = row["purged"]
        erased = row["erased"]
        skipped = row["skipped"]
        restoredAt = row["restored_at"]
    }

    /// Wrapping addition, because the numbers come from a file that other programs can write.
    var settled: Int { confirmed &+ unrouted &+ parked }

    /// Adds these counters, which may be negative, to the stored ones.
    func add(to database: Database) throws {
        if confirmed == 0, unrouted == 0, parked == 0, purged == 0, erased == 0 { return }
        try database.run(
            """
            UPDATE auth_outbox_count SET confirmed = confirmed + ?, unrouted = unrouted + ?,
                parked = parked + ?, purged = purged + ?, erased = erased + ?
            """, [confirmed, unrouted, parked, purged, erased])
    }

    static func status(_ database: Database) throws -> OutboxStatus {
        let count = try OutboxCount(database)
        let oldest: Int64? = try database.value("SELECT time FROM auth_outbox ORDER BY sequence LIMIT 1")
        let paused: Int64? = try database.value("SELECT paused_at FROM auth_outbox_count")
        let emitted = Int(try lastSequence(database)) - count.skipped
        // COUNT(*) would read a whole backlog every few seconds.
        let pending = oldest == nil ? 0 : max(0, emitted &- count.settled &- count.erased)
        return OutboxStatus(
            pending: pending, oldestPending: oldest.map(Date.init(milliseconds:)), unrouted: count.unrouted,
            parked: count.parked, confirmed: count.confirmed, emitted: emitted, erased: count.erased,
            pausedSince: paused.map(Date.init(milliseconds:)),
            restoredAt: count.restoredAt.map(Date.init(milliseconds:)))
    }

    /// The highest sequence number that was assigned.
    static func lastSequence(_ database: Database) throws -> Int64 {
        try database.value("SELECT seq FROM sqlite_sequence WHERE name = 'auth_outbox'") ?? 0
    }
}
