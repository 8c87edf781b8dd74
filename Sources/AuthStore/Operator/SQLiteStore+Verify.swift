// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import GRDB

/// The result of checking that no signal was lost within the store.
public struct OutboxVerification: Hashable, Sendable, Codable {
    public var status: OutboxStatus
    /// Settled rows that are still kept.
    public var kept: Int
    /// Settled rows that were deleted after the retention period.
    public var purged: Int
    /// Descriptions of the inconsistencies; empty if every signal is accounted for.
    public var faults: [String]

    /// Whether every signal that was ever emitted is accounted for.
    public var isWhole: Bool { faults.isEmpty }
}

extension SQLiteStore {
    /// Compares the emitted signals with the stored rows: every assigned number belongs to a row that is pending,
    /// settled, or deleted after it was settled.
    public func verifyOutbox() async throws -> OutboxVerification {
        try await read { (reading: SQLiteReading) in try OutboxVerification(reading.database) }
    }
}

extension OutboxVerification {
    fileprivate init(_ database: Database) throws {
        func count(_ sql: String) throws -> Int { try database.value(sql) ?? 0 }
        let count_ = try OutboxCount(database)
        status = try OutboxCount.status(database)
        // The status computes pending rows from counters; here the rows are counted.
        status.pending = try count("SELECT count(*) FROM auth_outbox")
        let confirmed = try count("SELECT count(*) FROM auth_outbox_history WHERE result = 'confirmed'")
        let unrouted = try count("SELECT count(*) FROM auth_outbox_history WHERE result = 'unrouted'")
        let parked = try count("SELECT count(*) FROM auth_outbox_parked")
        kept = confirmed + unrouted + parked
        purged = count_.purged
        faults = []
        func compare(_ left: Int, _ right: Int, _ what: String) {
            if left != right { faults.append("\(what): \(left) and \(right)") }
        }
        compare(
            status.emitted, count_.settled &+ count_.erased &+ status.pending,
            "emitted; settled, erased and pending together")
        compare(count_.settled, kept &+ purged, "settled; kept and purged together")
        for (have, most, state) in [
            (confirmed, count_.confirmed, "confirmed"), (unrouted, count_.unrouted, "unrouted"),
            (parked, count_.parked, "parked"),
        ] where have > most {
            faults.append("more \(state) rows than counted: \(have) and \(most)")
        }
        for (column, what) in [("sequence", "numbers"), ("message_id", "ids")] {
            let twice = try count(
                """
                SELECT count(*) FROM (SELECT 1 FROM (
                    SELECT \(column) FROM auth_outbox UNION ALL SELECT \(column) FROM auth_outbox_history
                    UNION ALL SELECT \(column) FROM auth_outbox_parked
                ) GROUP BY \(column) HAVING count(*) > 1)
                """)
            if twice > 0 { faults.append("\(what) that occur twice: \(twice)") }
        }
    }
}
