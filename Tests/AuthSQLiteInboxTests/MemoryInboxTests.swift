// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Testing

@Suite struct MemoryInboxTests {
    @Test(arguments: InboxConformance.sentences)
    func `keeps the contract of an inbox`(_ sentence: InboxConformance.Sentence) async throws {
        try await sentence.check { InboxConformance.Subject(MemoryInbox()) }
    }
}
