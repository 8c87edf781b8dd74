// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Testing

@Suite struct MemoryOutboxTests {
    @Test(arguments: OutboxConformance.sentences)
    func `keeps the contract of an outbox`(_ sentence: OutboxConformance.Sentence) async throws {
        try await sentence.check { OutboxConformance.Subject(MemoryOutbox()) }
    }
}
