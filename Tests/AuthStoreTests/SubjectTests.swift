// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import GRDB
import Testing

/// Foundation writes a UUID in upper case, the wire format in lower case; both are the same subject.
@Suite struct SubjectTests {
    private let user = User.test()

    @Test(arguments: [true, false])
    func `upper-case and lower-case UUIDs are the same subject, in rows and queries`(isUpper: Bool)
        async throws
    {
        let store = try SQLiteStore.test()
        try await store.emit(1, of: "\(user.id)")
        try await store.emit(2, of: user.subject)
        try await store.emit(3, of: "invoice-A")
        let asked = isUpper ? user.id.uuidString : user.subject
        #expect(
            try await store.outboxRecords(OutboxFilter([.pending], subject: asked)).map(\.row.number) == [
                1, 2,
            ])
        #expect(try await store.rows(ofSubject: asked, after: 0, limit: 10).map(\.number) == [1, 2])
        #expect(try await store.pending().map(\.draft.subject) == [user.subject, user.subject, "invoice-A"])
        #expect(try await store.erase(subject: asked).pending == 2)
        #expect(try await store.pending().map(\.number) == [3])
    }

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

    @Test func `an erasure counts the mails that cannot be decrypted`() async throws {
        let folder = try TemporaryFolder()
        try await folder.store().transaction { transaction in
            try transaction.queue(MailDraft(.emailConfirmation, to: "a@example.org", values: [:]))
        }
        let other = try await folder.store(keys: KeyRing(secret: "another secret of thirty-two bytes, or so"))
        let erasure = try await other.erase(subject: user.subject)
        #expect(erasure.mails == 0)
        #expect(erasure.sealedMails == 1)
    }
}
