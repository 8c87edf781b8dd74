// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct ConformanceTests {
    static func subject(_ store: SQLiteStore) -> OutboxConformance.Subject {
        OutboxConformance.Subject(
            store,
            commit: { drafts in
                try await store.transaction { transaction in
                    for draft in drafts { try transaction.emit(draft) }
                }
            },
            rollBack: { drafts in
                await #expect(throws: Abandoned.self) {
                    try await store.transaction { transaction in
                        for draft in drafts { try transaction.emit(draft) }
                        throw Abandoned()
                    }
                }
            })
    }

    @Test(arguments: OutboxConformance.sentences)
    func `a store in a file fulfils the outbox contract`(_ sentence: OutboxConformance.Sentence) async throws
    {
        let folder = try TemporaryFolder()
        try await sentence.check { Self.subject(try await folder.store()) }
    }

    @Test(arguments: OutboxConformance.sentences)
    func `a store in memory fulfils the outbox contract`(_ sentence: OutboxConformance.Sentence) async throws
    {
        try await sentence.check { Self.subject(try .test()) }
    }
}
