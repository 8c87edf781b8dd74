// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import AuthStore
import GRDB

extension SQLiteStore {
    public func verifyOutbox() async throws -> OutboxVerification {
        try await read { (reading: SQLiteReading) in
            let database = reading.database
            func count(_ sql: String) throws -> Int { try database.value(sql) ?? 0 }
            func twice(_ column: String) throws -> Int {
                try count(
                    """
                    SELECT count(*) FROM (SELECT 1 FROM (
                        SELECT \(column) FROM auth_outbox UNION ALL SELECT \(column) FROM auth_outbox_history
                        UNION ALL SELECT \(column) FROM auth_outbox_parked
                    ) GROUP BY \(column) HAVING count(*) > 1)
                    """)
            }
            var status = try OutboxCount.status(database)
            status.pending = try count("SELECT count(*) FROM auth_outbox")
            return OutboxVerification(
                status: status, count: try OutboxCount(database),
                kept: (
                    try count("SELECT count(*) FROM auth_outbox_history WHERE result = 'confirmed'"),
                    try count("SELECT count(*) FROM auth_outbox_history WHERE result = 'unrouted'"),
                    try count("SELECT count(*) FROM auth_outbox_parked")
                ), twice: (try twice("sequence"), try twice("message_id")))
        }
    }
}
