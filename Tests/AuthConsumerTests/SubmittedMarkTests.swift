// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

/// An inbox that commits marks while the workers handle other messages.
@Suite struct SubmittedMarkTests {
    private struct Failure: Error {}

    /// A memory inbox whose marks are committed, or fail, when its gate opens.
    private final class SubmittingInbox: MarkSubmitting {
        let inbox = MemoryInbox()
        let gate = Gate()
        let submitted = Locked(0)
        let awaited = Locked(0)
        let fails = Locked(false)

        func isDone(handler: String, messageID: UUID) async throws -> Bool {
            try await inbox.isDone(handler: handler, messageID: messageID)
        }

        private func commit(_ handler: String, _ messageID: UUID, _ time: Date) async throws {
            await gate.wait()
            if fails.value { throw Failure() }
            try await inbox.markDone(handler: handler, messageID: messageID, at: time)
        }

        func markDone(handler: String, messageID: UUID, at time: Date) async throws {
            awaited.change { $0 += 1 }
            try await commit(handler, messageID, time)
        }

        func submitMark(
            handler: String, messageID: UUID, at time: Date,
            _ completion: @escaping @Sendable ((any Error)?) -> Void
        ) {
            submitted.change { $0 += 1 }
            Task {
                do {
                    try await commit(handler, messageID, time)
                    completion(nil)
                } catch {
                    completion(error)
                }
            }
        }

        func once(
            handler: String, messageID: UUID, at time: Date,
            _ body: @Sendable (any InboxTransaction) throws -> Void
        ) async throws -> Bool {
            try await inbox.once(handler: handler, messageID: messageID, at: time, body)
        }

        func prune(before time: Date) async throws -> Int { 0 }
    }

    private let broker = MemoryBroker()
    private let inbox = SubmittingInbox()
    private let runs = Locked(0)
    private let order = Locked<[Int]>([])
    private let log = InMemoryLogHandler()

    private func dispatcher(
        _ source: MemorySource, concurrency: Int, _ change: (inout SignalHandlers) -> Void = { _ in }
    ) -> SignalDispatcher {
        var handlers = SignalHandlers()
        let runs = runs
        let order = order
        handlers.on(TestSignal.self, as: "first") { signal, _ in
            runs.change { $0 += 1 }
            order.change { $0.append(signal.number) }
        }
        change(&handlers)
        var settings = DispatcherSettings()
        settings.concurrency = concurrency
        let log = log
        return SignalDispatcher(
            from: source, handlers: handlers, inbox: inbox, settings: settings, clock: FixedClock(),
            logger: Logger(label: "test", factory: { _ in log }))
    }

    private func put(_ numbers: ClosedRange<Int>) {
        for number in numbers { broker.put(.test(number), into: "worker") }
    }

    @Test func `a worker continues while a mark is committed, and acknowledges after the commit`()
        async throws
    {
        let source = MemorySource("worker", of: broker)
        put(1...1)
        let run = Task { try await dispatcher(source, concurrency: 1).run() }
        try await eventually("the mark is submitted") { inbox.submitted.value == 1 }
        put(2...2)
        try await eventually("the worker has handled the next message") { runs.value == 2 }
        #expect(broker.unacknowledged(in: "worker") == 2)
        inbox.gate.open()
        try await eventually("all are acknowledged") { broker.unacknowledged(in: "worker") == 0 }
        #expect(inbox.inbox.marks.count == 2)
        run.cancel()
        try await run.value
    }

    @Test func `no more marks are submitted than messages are handled concurrently`() async throws {
        let source = MemorySource("worker", of: broker)
        put(1...5)
        let run = Task { try await dispatcher(source, concurrency: 1).run() }
        try await eventually("the worker waits for the second mark") { inbox.awaited.value == 1 }
        #expect(inbox.submitted.value == 1)
        #expect(runs.value == 2)
        inbox.gate.open()
        try await eventually("all are acknowledged") {
            runs.value == 5 && broker.unacknowledged(in: "worker") == 0
        }
        run.cancel()
        try await run.value
    }

    @Test func `a mark that fails is logged, and the message is acknowledged`() async throws {
        inbox.fails.change { $0 = true }
        inbox.gate.open()
        let source = MemorySource("worker", of: broker)
        put(1...1)
        let run = Task { try await dispatcher(source, concurrency: 2).run() }
        try await eventually("the message is acknowledged") {
            runs.value == 1 && broker.unacknowledged(in: "worker") == 0
        }
        #expect(log.entries.contains { "\($0.message)".hasPrefix("inbox mark for handled message failed") })
        #expect(source.messages(in: .retry(.oneSecond)).isEmpty)
        run.cancel()
        try await run.value
    }

    @Test func `only the last handler's mark is submitted, and only if no copy of the message is published`()
        async throws
    {
        inbox.gate.open()
        let source = MemorySource("worker", of: broker)
        put(1...1)
        let run = Task {
            try await dispatcher(source, concurrency: 2) { handlers in
                handlers.on(TestSignal.self, as: "failing") { _, _ in throw Failure() }
                handlers.on(TestSignal.self, as: "last") { _, _ in }
            }.run()
        }
        try await eventually("the failing handler has a copy") {
            source.messages(in: .retry(.oneSecond)).count == 1
        }
        try await eventually("the message is acknowledged") { broker.unacknowledged(in: "worker") == 0 }
        #expect(inbox.submitted.value == 0)
        #expect(inbox.awaited.value == 2)
        run.cancel()
        try await run.value
    }

    @Test func `a strictly ordered queue continues after the commit only`() async throws {
        inbox.gate.open()
        let source = MemorySource("worker", of: broker, strictlyOrdered: true)
        put(1...3)
        let run = Task { try await dispatcher(source, concurrency: 1).run() }
        try await eventually("all are acknowledged") {
            runs.value == 3 && broker.unacknowledged(in: "worker") == 0
        }
        #expect(inbox.submitted.value == 0)
        #expect(inbox.awaited.value == 3)
        run.cancel()
        try await run.value
    }

    @Test func `a worker that stops waits for the commits, and acknowledges after them`() async throws {
        let source = MemorySource("worker", of: broker)
        put(1...2)
        let worker = dispatcher(source, concurrency: 2)
        let hasEnded = Locked(false)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await worker.run()
                    hasEnded.change { $0 = true }
                }
                try await eventually("the marks are submitted") { inbox.submitted.value == 2 }
                trigger.triggerGracefulShutdown()
                try await eventually("it has stopped taking deliveries") { !source.isTaking }
                for _ in 0..<100 { await Task.yield() }
                #expect(!hasEnded.value)
                #expect(broker.unacknowledged(in: "worker") == 2)
                inbox.gate.open()
                try await group.waitForAll()
            }
        }
        #expect(inbox.inbox.marks.count == 2)
        #expect(broker.unacknowledged(in: "worker") == 0)
    }

    @Test func `messages whose marks were lost in a crash are handled again, in their order`() async throws {
        let source = MemorySource("worker", of: broker)
        for number in 1...2 { broker.put(.test(number, subject: "one"), into: "worker") }
        let first = Task { try await dispatcher(source, concurrency: 2).run() }
        try await eventually("the marks are submitted") { inbox.submitted.value == 2 }
        // The worker's connection is lost, so unacknowledged deliveries return to the queue.
        source.close()
        #expect(broker.messages(in: "worker").count == 2)
        let second = MemorySource("worker", of: broker)
        let again = Task { try await dispatcher(second, concurrency: 2).run() }
        try await eventually("both are handled again") { inbox.submitted.value == 4 }
        #expect(order.value == [1, 2, 1, 2])
        inbox.gate.open()
        try await eventually("all are acknowledged") { broker.unacknowledged(in: "worker") == 0 }
        #expect(inbox.inbox.marks.count == 2)
        again.cancel()
        try await first.value
        try await again.value
    }

    @Test func `a message that may crash the worker starts after the earlier commits`() async throws {
        let source = MemorySource("worker", of: broker)
        put(1...1)
        let run = Task { try await dispatcher(source, concurrency: 2).run() }
        try await eventually("the mark is submitted") { inbox.submitted.value == 1 }
        broker.put(.test(2), into: "worker", deliveryCount: 2)
        for _ in 0..<100 { await Task.yield() }
        #expect(order.value == [1])
        inbox.gate.open()
        try await eventually("all are acknowledged") {
            order.value == [1, 2] && broker.unacknowledged(in: "worker") == 0
        }
        // Its own mark is committed before others start.
        #expect(inbox.submitted.value == 1)
        #expect(inbox.awaited.value == 1)
        run.cancel()
        try await run.value
    }
}
