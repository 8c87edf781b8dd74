// SPDX-License-Identifier: Apache-2.0
import AuthPostgresStore
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite("Outbox contract", .needsPostgres) struct OutboxConformanceTests {
    /// Those that do not acquire the relay lease themselves.
    private static let sentencesWithoutLease = OutboxConformance.sentences.filter {
        !$0.text.contains("lease")
    }

    static func subject(_ store: PostgresStore) -> OutboxConformance.Subject {
        OutboxConformance.Subject(
            store,
            commit: { drafts in
                try await store.transaction { (transaction: PostgresTransaction) in
                    for draft in drafts { try transaction.emit(draft) }
                }
            },
            rollBack: { drafts in
                await #expect(throws: Abandoned.self) {
                    try await store.transaction { (transaction: PostgresTransaction) in
                        for draft in drafts { try transaction.emit(draft) }
                        throw Abandoned()
                    }
                }
            })
    }

    @Test(arguments: OutboxConformance.sentences)
    func `a store without the relay lease fulfils the outbox contract`(
        _ sentence: OutboxConformance.Sentence
    ) async throws {
        try await OutboxWorld.run { world in
            try await sentence.check { Self.subject(world.store) }
        }
    }

    @Test(arguments: sentencesWithoutLease)
    func `a store that holds the relay lease fulfils the outbox contract`(
        _ sentence: OutboxConformance.Sentence
    ) async throws {
        try await OutboxWorld.run { world in
            let lease = try await world.store.acquireRelayLease()
            defer { lease.release() }
            try await sentence.check { Self.subject(world.store) }
        }
    }

    @Test(arguments: sentencesWithoutLease)
    func `flows with SERIALIZABLE transactions fulfil the outbox contract`(
        _ sentence: OutboxConformance.Sentence
    ) async throws {
        try await OutboxWorld.run(parameters: "&isolation=serializable") { world in
            try await sentence.check { Self.subject(world.store) }
        }
    }
}
