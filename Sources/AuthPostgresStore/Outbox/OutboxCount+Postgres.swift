// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

extension OutboxCount {
    /// The counters, and the status computed from them: all of one moment.
    ///
    /// - Parameter floor: no row up to this id is without a number.
    /// - Throws: ``StoreError/missingOutboxCount``, …
    static func status(
        on connection: PostgresConnection, floor: Int64 = 0
    ) throws -> (count: OutboxCount, status: OutboxStatus) {
        guard let row = try connection.query(.outboxStatus, [.int(floor)]).first else {
            throw StoreError.missingOutboxCount
        }
        var count = OutboxCount()
        count.confirmed = Int(try row.int(1))
        count.unrouted = Int(try row.int(2))
        count.parked = Int(try row.int(3))
        count.purged = Int(try row.int(4))
        count.erased = Int(try row.int(5))
        count.skipped = Int(try row.int(6))
        count.pausedSince = try row.optionalTime(7)
        count.restoredAt = try row.optionalTime(8)
        let (last, unnumbered) = (Int(try row.int(0)), Int(try row.int(9)))
        let emitted = last.addingReportingOverflow(unnumbered)
        return (
            count,
            count.status(
                lastSequence: emitted.overflow ? .max : emitted.partialValue,
                oldestPending: try row.optionalTime(10))
        )
    }
}

extension StoreError {
    /// Without its row, nothing can be numbered or counted.
    static var missingOutboxCount: StoreError {
        StoreError(
            .damaged,
            """
            auth_outbox_count has no row, so signals get no numbers and are not published. Stop all servers and relays; \
            restore the database from a backup, or run "INSERT INTO auth_outbox_count DEFAULT VALUES" and then \
            "auth-signals store restored": numbers then continue above all former ones, and the counters begin at 0
            """)
    }
}

extension PostgresStatement {
    // One statement, so that the counters and the rows without a number are of one snapshot.
    fileprivate static let outboxStatus: PostgresStatement = """
        SELECT last_sequence, confirmed, unrouted, parked, purged, erased, skipped, paused_at, restored_at,
            (SELECT count(*) FROM auth_outbox WHERE sequence IS NULL AND id > $1),
            coalesce(
                (SELECT time FROM auth_outbox WHERE sequence IS NOT NULL ORDER BY sequence LIMIT 1),
                (SELECT time FROM auth_outbox WHERE sequence IS NULL AND id > $1 ORDER BY id LIMIT 1))
        FROM auth_outbox_count
        """
}
