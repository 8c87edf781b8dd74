// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@testable import AuthBroker

@Suite struct PublishQueueTests {
    private let queue = PublishQueue()
    private let messages = [SignalMessage(routingKey: "a.b", messageID: "1", body: Data())]

    @Test func `a batch is unknown at once while disconnected`() async {
        let batch = PublishBatch(messages)
        #expect(!queue.submit(batch))
        #expect(await batch.outcomes().map(\.word) == ["unknown"])
        #expect(queue.take().isEmpty)
    }

    @Test func `batches are taken in order, and only the first wakes the thread`() async throws {
        queue.open()
        try await queue.awaitOpen()
        let batches = (0..<3).map { _ in PublishBatch(messages) }
        #expect(batches.map { queue.submit($0) } == [true, false, false])
        #expect(queue.take().map(ObjectIdentifier.init) == batches.map(ObjectIdentifier.init))
        #expect(queue.submit(PublishBatch(messages)))
    }

    @Test func `batches that were not taken are unknown after a disconnect`() async throws {
        queue.open()
        try await queue.awaitOpen()
        let batch = PublishBatch(messages)
        _ = queue.submit(batch)
        queue.shut("lost")
        #expect(await batch.outcomes() == [.unknown("lost")])
    }

    @Test func `under an alarm, batches are queued and awaitOpen waits`() async throws {
        queue.open()
        try await queue.awaitOpen()
        queue.block()
        let waiting = Task { try await queue.awaitOpen() }
        #expect(queue.submit(PublishBatch(messages)))
        queue.open()
        try await waiting.value
        #expect(queue.take().count == 1)
    }

    @Test func `rejects batches on a new connection until awaitOpen is called`() async throws {
        queue.open()
        try await queue.awaitOpen()
        queue.shut("lost")
        queue.open()
        // This caller does not know yet that earlier messages are lost.
        let batch = PublishBatch(messages)
        #expect(!queue.submit(batch))
        #expect(await batch.outcomes() == [.unknown("lost")])
        try await queue.awaitOpen()
        #expect(queue.submit(PublishBatch(messages)))
    }

    @Test func `awaitOpen returns once connected, can be cancelled, and throws after the end`() async throws {
        let first = Task { try await queue.awaitOpen() }
        let second = Task { try await queue.awaitOpen() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        queue.open()
        try await first.value
        queue.closeForGood()
        await #expect(throws: CancellationError.self) { try await queue.awaitOpen() }
    }
}
