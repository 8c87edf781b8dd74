// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB

/// What became of rows, counted where they are settled, so that it stays true when history is purged.
///
/// What was emitted is counted by SQLite itself: an AUTOINCREMENT number that a rolled-back transaction took
/// is taken back too.
struct OutboxCount {
    var confirmed = 0
    var unrouted = 0
    var parked = 0
    /// How many of those were deleted since.
    var purged = 0
    /// How many were erased that waited.
    var erased = 0
    /// How many numbers no signal has: a restored store goes on at a higher one.
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

    /// Wrapping, since the numbers are those of a file that others can write.
    var settled: Int { confirmed &+ unrouted &+ parked }

    /// Adds these numbers, which may be negative, to the stored ones.
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
        // To count the rows would read all of a backlog every few seconds.
        let pending = oldest == nil ? 0 : max(0, emitted &- count.settled &- count.erased)
        return OutboxStatus(
            pending: pending, oldestPending: oldest.map(Date.init(milliseconds:)), unrouted: count.unrouted,
            parked: count.parked, confirmed: count.confirmed, emitted: emitted, erased: count.erased,
            pausedSince: paused.map(Date.init(milliseconds:)),
            restoredAt: count.restoredAt.map(Date.init(milliseconds:)))
    }

    /// The highest number that was given.
    static func lastSequence(_ database: Database) throws -> Int64 {
        try database.value("SELECT seq FROM sqlite_sequence WHERE name = 'auth_outbox'") ?? 0
    }
}
