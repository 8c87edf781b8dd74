// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthTesting
import Foundation
import PostgresSupport
import Testing

@Suite("Order of commits", .needsPostgres) struct CausalOrderTests {
    private static let writers = 16
    private static let subjects = 8
    private static let roundsPerWriter = 50

    /// Changes the version of a subject and emits it, so that each version has seen the one before.
    private func change(_ subject: Int, in store: PostgresStore) async throws {
        try await store.transaction { (transaction: PostgresTransaction) in
            let connection = transaction.connection
            // The transaction's number is drawn before it waits: ordered by it, versions would be out of order.
            try connection.query("SELECT pg_current_xact_id()::text")
            let row = try connection.query(
                "SELECT version FROM thing WHERE id = $1 FOR UPDATE", [.int(Int64(subject))])
            let version = Int(try row.first?.int(0) ?? -1) + 1
            connection.later(
                "UPDATE thing SET version = $2 WHERE id = $1", [.int(Int64(subject)), .int(Int64(version))])
            try transaction.emit(TestSignal(number: version, subject: "thing-\(subject)"))
        }
    }

    @Test(arguments: ["", "&isolation=serializable"])
    func `a signal emitted after another one's commit was seen has the higher number`(_ isolation: String)
        async throws
    {
        try await OutboxWorld.run(parameters: isolation) { world in
            try await world.schema.psql(
                """
                CREATE TABLE thing (id bigint PRIMARY KEY, version bigint NOT NULL);
                GRANT ALL ON thing TO auth;
                INSERT INTO thing SELECT id, 0 FROM generate_series(0, \(Self.subjects - 1)) AS id
                """)
            // Under SERIALIZABLE a transaction may fail five times on so few rows; then it is not counted.
            let (stores, emitted) = ([world.store, try world.another()], Locked(0))
            let (relay, isDone, read) = (try world.another(), Locked(false), Locked<[OutboxRow]>([]))
            let lease = try await relay.acquireRelayLease()
            defer { lease.release() }
            async let relaying: Void = {
                var cursor: Int64 = 0
                while true {
                    let wasDone = isDone.value
                    let page = try await relay.rows(after: cursor, limit: 25, now: .distantFuture)
                    read.change { $0 += page.rows }
                    if page.cursor == cursor, wasDone { return }
                    cursor = page.cursor
                }
            }()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask {
                        for round in 0..<Self.roundsPerWriter {
                            do {
                                try await change((writer + round) % Self.subjects, in: stores[writer % 2])
                                emitted.change { $0 += 1 }
                            } catch  where !isolation.isEmpty {}
                        }
                    }
                }
                try await group.waitForAll()
            }
            isDone.change { $0 = true }
            try await relaying
            let rows = read.value
            // As they were read: no number appears below one that was read before.
            #expect(rows.map(\.sequence) == (0..<Int64(emitted.value)).map { $0 + 1 })
            var versions: [String: Int] = [:]
            var inversions = 0
            for row in rows {
                let (subject, version) = (row.draft.subject ?? "", row.testNumber ?? -1)
                if version != versions[subject, default: 0] + 1 { inversions += 1 }
                versions[subject] = version
            }
            #expect(inversions == 0)
        }
    }
}
