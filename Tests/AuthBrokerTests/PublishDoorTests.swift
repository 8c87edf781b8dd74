// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@testable import AuthBroker

@Suite struct PublishDoorTests {
    private let door = PublishDoor()
    private let messages = [SignalMessage(routingKey: "a.b", messageID: "1", body: Data())]

    @Test func `a batch is unknown at once while the door is shut`() async {
        let batch = PublishBatch(messages)
        #expect(!door.submit(batch))
        #expect(await batch.outcomes().map(\.word) == ["unknown"])
        #expect(door.take().isEmpty)
    }

    @Test func `batches come out in order, and only the first wakes the thread`() async throws {
        door.open()
        try await door.awaitOpen()
        let batches = (0..<3).map { _ in PublishBatch(messages) }
        #expect(batches.map { door.submit($0) } == [true, false, false])
        #expect(door.take().map(ObjectIdentifier.init) == batches.map(ObjectIdentifier.init))
        #expect(door.submit(PublishBatch(messages)))
    }

    @Test func `what was not taken is unknown when the door is shut`() async throws {
        door.open()
        try await door.awaitOpen()
        let batch = PublishBatch(messages)
        _ = door.submit(batch)
        door.shut("lost")
        #expect(await batch.outcomes() == [.unknown("lost")])
    }

    @Test func `under an alarm batches wait, and nobody is told to begin`() async throws {
        door.open()
        try await door.awaitOpen()
        door.block()
        let waiting = Task { try await door.awaitOpen() }
        #expect(door.submit(PublishBatch(messages)))
        door.open()
        try await waiting.value
        #expect(door.take().count == 1)
    }

    @Test func `a new connection takes nothing until somebody has waited for it`() async throws {
        door.open()
        try await door.awaitOpen()
        door.shut("lost")
        door.open()
        // Who hands this in has not heard that earlier messages are lost.
        let batch = PublishBatch(messages)
        #expect(!door.submit(batch))
        #expect(await batch.outcomes() == [.unknown("lost")])
        try await door.awaitOpen()
        #expect(door.submit(PublishBatch(messages)))
    }

    @Test func `one that waits is let in, can give up, and is sent away at the end`() async throws {
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
