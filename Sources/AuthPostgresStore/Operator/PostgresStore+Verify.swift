// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
public import AuthStore

extension PostgresStore {
    /// Compares the emitted signals with the stored rows, all of one moment (REPEATABLE READ).
    ///
    /// A row that has no number yet counts as emitted and pending.
    public func verifyOutbox() async throws -> OutboxVerification {
        try await read { (reading: PostgresReading) in
            let connection = reading.connection
            return try connection.withTimeout(Self.scanTimeout) {
                var (count, status) = try OutboxCount.status(on: connection)
                guard let row = try connection.query(.countOutbox).first else {
                    throw StoreError(.damaged, "the outbox cannot be counted")
                }
                status.pending = Int(try row.int(0))
                var verification = OutboxVerification(
                    status: status, count: count,
                    kept: (Int(try row.int(1)), Int(try row.int(2)), Int(try row.int(3))),
                    twice: (
                        try connection.query(.twice("sequence")).count(0),
                        try connection.query(.twice("message_id")).count(0)
                    ))
                let unassigned = try connection.query(.countUnassigned).count(0)
                if unassigned > 0 {
                    verification.faults.append("numbers that were not assigned: \(unassigned)")
                }
                return verification
            }
        }
    }
}

extension PostgresStatement {
    fileprivate static let countOutbox: PostgresStatement = """
        SELECT (SELECT count(*) FROM auth_outbox),
            (SELECT count(*) FROM auth_outbox_history WHERE result = 'confirmed'),
            (SELECT count(*) FROM auth_outbox_history WHERE result = 'unrouted'),
            (SELECT count(*) FROM auth_outbox_parked)
        """

    /// - Parameter column: `sequence` or `message_id`.
    fileprivate static func twice(_ column: String) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT count(*) FROM (SELECT FROM (
                SELECT \(column) AS value FROM auth_outbox
                UNION ALL SELECT \(column) FROM auth_outbox_history
                UNION ALL SELECT \(column) FROM auth_outbox_parked
            ) AS rows WHERE value IS NOT NULL GROUP BY value HAVING count(*) > 1) AS twice
            """)
    }

    fileprivate static let countUnassigned: PostgresStatement = """
        SELECT (SELECT count(*) FROM auth_outbox WHERE sequence > last_sequence)
            + (SELECT count(*) FROM auth_outbox_history WHERE sequence > last_sequence)
            + (SELECT count(*) FROM auth_outbox_parked WHERE sequence > last_sequence)
        FROM auth_outbox_count
        """
}
