// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import Foundation
import GRDB
import Testing

/// Foundation writes a UUID in upper case, the wire format in lower case; both are the same subject.
@Suite struct SubjectTests {
    private let user = User.test()

    @Test func `migrates rows of an earlier version`() async throws {
        let queue = try DatabaseQueue()
        try SQLiteStore.migrator.migrate(queue, upTo: "auth_store_3")
        let subjects = [
            user.id.uuidString, "invoice-A", user.subject, nil, String(repeating: "A", count: 36),
        ]
        try await queue.write { database in
            for subject in subjects {
                try database.execute(
                    sql: """
                        INSERT INTO auth_outbox (message_id, name, schema_version, subject, time, correlation_id, data)
                        VALUES (?, 'test.thing_happened', 1, ?, 0, ?, x'7b7d')
                        """, arguments: [UUID(), subject, UUID()])
            }
            try database.execute(
                sql: """
                    INSERT INTO auth_outbox_history (sequence, message_id, name, schema_version, subject, time,
                        correlation_id, attempts, result, settled_at, data)
                    SELECT sequence + 100, message_id, name, schema_version, subject, time, correlation_id, 0,
                        'confirmed', 0, data FROM auth_outbox
                    """)
        }
        try SQLiteStore.migrator.migrate(queue)
        for table in ["auth_outbox", "auth_outbox_history"] {
            let migrated = try await queue.read {
                try String?.fetchAll($0, sql: "SELECT subject FROM \(table) ORDER BY sequence")
            }
            #expect(
                migrated
                    == [user.subject, "invoice-A", user.subject, nil, String(repeating: "A", count: 36)])
        }
    }
}
