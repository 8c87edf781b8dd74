// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@testable import AuthBroker

@Suite struct PublishDoorTests {
    private let door = PublishDoor()
    private let messages = [SignalMessage(routingKey: "a.b", messageID: "1", body: Data())]

    @Test func `a batch is unknown at once while disconnected`() async {
        let batch = PublishBatch(messages)
        #expect(!door.submit(batch))
        #expect(await batch.outcomes().map(\.word) == ["unknown"])
        #expect(door.take().isEmpty)
    }

    @Test func `batches are taken in order, and only the first wakes the thread`() async throws {
        door.open()
        try await door.awaitOpen()
        let batches = (0..<3).map { _ in PublishBatch(messages) }
        #expect(batches.map { door.submit($0) } == [true, false, false])
        #expect(door.take().map(ObjectIdentifier.init) == batches.map(ObjectIdentifier.init))
        #expect(door.submit(PublishBatch(messages)))
    }

    @Test func `batches that were not taken are unknown after a disconnect`() async throws {
        door.open()
        try await door.awaitOpen()
        let batch = PublishBatch(messages)
        _ = door.submit(batch)
        door.shut("lost")
        #expect(await batch.outcomes() == [.unknown("lost")])
    }

    @Test func `under an alarm, batches are queued and awaitOpen waits`() async throws {
        door.open()
        try await door.awaitOpen()
        door.block()
        let waiting = Task { try await door.awaitOpen() }
        #expect(door.submit(PublishBatch(messages)))
        door.open()
        try await waiting.value
        #expect(door.take().count == 1)
    }

    @Test func `rejects batches on a new connection until awaitOpen is called`() async throws {
        door.open()
        try await door.awaitOpen()
        door.shut("lost")
        door.open()
        // This caller does not know yet that earlier messages are lost.
        let batch = PublishBatch(messages)
        #expect(!door.submit(batch))
        #expect(await batch.outcomes() == [.unknown("lost")])
        try await door.awaitOpen()
        #expect(door.submit(PublishBatch(messages)))
    }

    @Test func `awaitOpen returns once connected, can be cancelled, and throws after the end`() async throws {
        let first = Task { try await door.awaitOpen() }
        let second = Task { try await door.awaitOpen() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        door.open()
        try await first.value
        door.closeForGood()
        await #expect(throws: CancellationError.self) { try await door.awaitOpen() }
    }
}
