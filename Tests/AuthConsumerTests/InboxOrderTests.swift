// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import ServiceLifecycle
import Testing

/// The dispatcher's guarantees about the order of handler, inbox mark and acknowledgement.
@Suite struct InboxOrderTests {
    private struct Failure: Error {}

    /// A memory inbox whose commits block or fail.
    private final class SlowInbox: Inbox {
        let inbox = MemoryInbox()
        let gate = Gate()
        let waiting = Locked(0)
        let fails = Locked(false)

        private func commit() async throws {
            if fails.value { throw Failure() }
            waiting.change { $0 += 1 }
            await gate.wait()
        }

        func isDone(handler: String, messageID: UUID) async throws -> Bool {
            try await inbox.isDone(handler: handler, messageID: messageID)
        }

        func markDone(handler: String, messageID: UUID, at time: Date) async throws {
            try await commit()
            try await inbox.markDone(handler: handler, messageID: messageID, at: time)
        }

        func once(
            handler: String, messageID: UUID, at time: Date,
            _ body: @Sendable (any InboxTransaction) throws -> Void
        ) async throws -> Bool {
            try await commit()
            return try await inbox.once(handler: handler, messageID: messageID, at: time, body)
        }

        func prune(before time: Date) async throws -> Int { 0 }
    }

    private let broker = MemoryBroker()
    private let slow = SlowInbox()
    private let runs = Locked(0)

    private func dispatcher(_ source: MemorySource, _ inbox: any Inbox) -> SignalDispatcher {
        var handlers = SignalHandlers()
        let runs = runs
        handlers.on(TestSignal.self, as: "plain") { _, _ in runs.change { $0 += 1 } }
        handlers.once(TestSignal.self, as: "writer") { signal, _, transaction in
            try #require(transaction as? MemoryInbox.Transaction).written.append("\(signal.number)")
        }
        let log = InMemoryLogHandler()
        return SignalDispatcher(
            from: source, handlers: handlers, inbox: inbox, clock: FixedClock(),
            logger: Logger(label: "test", factory: { _ in log }))
    }

    @Test func `nothing is acknowledged before its marks are committed`() async throws {
        let source = MemorySource("worker", of: broker)
        for number in 1...5 { broker.put(.test(number), into: "worker") }
        let run = Task { try await dispatcher(source, slow).run() }
        try await eventually("the commits are in flight") { slow.waiting.value == 5 && runs.value == 5 }
        #expect(broker.unacknowledged(in: "worker") == 5)
        slow.gate.open()
        try await eventually("all are acknowledged") { broker.unacknowledged(in: "worker") == 0 }
        #expect(slow.inbox.written.count == 5)
        run.cancel()
        try await run.value
    }

    @Test
    func `a crash between handler and mark redelivers the messages, and transactional writes happen once`()
        async throws
    {
        let source = MemorySource("worker", of: broker)
        for number in 1...5 { broker.put(.test(number), into: "worker") }
        let first = Task { try await dispatcher(source, slow).run() }
        try await eventually("the handlers have run, nothing is marked") {
            slow.waiting.value == 5 && runs.value == 5
        }
        // The worker's connection is lost, so unacknowledged deliveries return to the queue.
        source.close()
        #expect(broker.messages(in: "worker").count == 5)
        let second = MemorySource("worker", of: broker)
        let again = Task { try await dispatcher(second, slow.inbox).run() }
        try await eventually("all were handled again") { broker.unacknowledged(in: "worker") == 0 }
        #expect(runs.value == 10)
        #expect(slow.inbox.written.sorted() == ["1", "2", "3", "4", "5"])
        // The first worker's commits in flight find existing marks.
        slow.gate.open()
        first.cancel()
        again.cancel()
        try await first.value
        try await again.value
        #expect(slow.inbox.written.count == 5)
    }

    @Test func `if commits fail, each transactional handler gets a retry copy and nothing is marked`()
        async throws
    {
        slow.fails.change { $0 = true }
        let source = MemorySource("worker", of: broker)
        for number in 1...5 { broker.put(.test(number), into: "worker") }
        let run = Task { try await dispatcher(source, slow).run() }
        try await eventually("all are on their retry rung") {
            source.messages(in: .retry(.oneSecond)).count == 5
        }
        let copies = source.messages(in: .retry(.oneSecond))
        #expect(copies.allSatisfy { $0.headers["auth-handler"] == .string("writer") })
        #expect(slow.inbox.written.isEmpty)
        #expect(slow.inbox.marks.isEmpty)
        run.cancel()
        try await run.value
    }
}
