// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import InMemoryTracing
import MetricsTestKit
import Testing
import Tracing

@Suite struct BatchTests {
    private struct Boom: Error {}
    private static let other: SignalName = "testing.other"
    private static let hour = Duration.seconds(3600)

    /// What the handlers have done, as lines such as `batch 1 2` and `other 3`.
    private let lines = Locked<[String]>([])

    private func add(
        to bench: DispatcherBench, upTo size: Int, within delay: Duration = hour, timeout: Duration? = nil,
        then: @escaping @Sendable ([(signal: TestSignal, context: SignalContext)]) async throws -> Void = {
            _ in
        }
    ) {
        bench.change {
            $0.onBatch(TestSignal.self, as: "batch", upTo: size, within: delay, timeout: timeout) { batch in
                let numbers = batch.map { signal, _ in "\(signal.number)" }.joined(separator: " ")
                lines.change { $0.append("batch \(numbers)") }
                try await then(batch)
            }
        }
    }

    private func addOther(to bench: DispatcherBench) {
        bench.change {
            $0.on(matching: "testing.other", as: "other") { event, _ in
                lines.change { $0.append("other \(event.sequence ?? 0)") }
            }
        }
    }

    @Test(arguments: [1, 8]) func `a full batch is handled in one call and acknowledged`(_ concurrency: Int)
        async throws
    {
        let bench = DispatcherBench()
        add(to: bench, upTo: 5)
        for number in 1...5 { bench.send(.test(number)) }
        try await bench.running {
            $0.concurrency = concurrency
        } _: {
            try await bench.untilSettled()
        }
        #expect(lines.value.count == 1)
        #expect(Set(lines.value.first?.split(separator: " ") ?? []) == ["batch", "1", "2", "3", "4", "5"])
        #expect(bench.inbox.marks.count == 5)
        #expect(bench.dead.isEmpty)
    }

    @Test func `messages of one subject share a batch and keep their order`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 4)
        for number in 1...8 { bench.send(.test(number, subject: "one")) }
        try await bench.running { try await bench.untilSettled() }
        #expect(lines.value == ["batch 1 2 3 4", "batch 5 6 7 8"])
    }

    @Test func `a batch that is not full is handled after its time`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 100, within: .milliseconds(20))
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.inbox.marks.count == 3)
    }

    @Test func `waiting messages occupy no worker, and a shutdown handles them`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 100)
        addOther(to: bench)
        for number in 1...3 { bench.send(.test(number)) }
        bench.send(.test(4, name: Self.other))
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await eventually("the message behind them was handled") { lines.value == ["other 4"] }
            try await eventually("it was acknowledged") { bench.unsettled == 3 }
        }
        #expect(lines.value == ["other 4", "batch 1 2 3"])
        #expect(bench.unsettled == 0 && bench.main.isEmpty)
    }

    @Test func `the messages of a failed batch succeed or are retried one by one`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 3) { batch in
            if batch.count > 1 { throw Boom() }
            for (signal, context) in batch where signal.number == 2 && context.attempt == 1 { throw Boom() }
        }
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await bench.untilSettled()
            #expect(lines.value == ["batch 1 2 3", "batch 1", "batch 2", "batch 3"])
            #expect(bench.on(.oneSecond).map { $0.headers["auth-attempt"] } == [.integer(1)])
            #expect(bench.inbox.marks.count == 2)
            bench.broker.advance(by: .seconds(1))
            try await bench.untilSettled()
        }
        // A message that failed before does not wait for others.
        #expect(lines.value.last == "batch 2")
        #expect(lines.value.count == 5)
        #expect(bench.inbox.marks.count == 3)
        #expect(bench.log.entries.filter { "\($0.message)".hasPrefix("batch failed") }.count == 1)
    }

    @Test func `a message of a batch is dead-lettered for itself`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 3) { batch in
            if batch.contains(where: { $0.signal.number == 2 }) { throw SignalVerdict.reject("not 2") }
        }
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.dead.map { $0.headers["auth-reason"] } == [.string("not 2")])
        #expect(bench.inbox.marks.count == 2)
    }

    @Test func `a batch that exceeds its time is handled one by one`() async throws {
        let bench = DispatcherBench()
        let gate = Gate()
        add(to: bench, upTo: 2, timeout: .milliseconds(100)) { batch in
            if batch.count > 1 { await gate.wait() }
        }
        bench.send(.test(1, subject: "one"))
        bench.send(.test(2, subject: "one"))
        try await bench.running { try await bench.untilSettled() }
        #expect(lines.value.prefix(2) == ["batch 1 2", "batch 1"])
        gate.open()
    }

    @Test func `a message that is in a batch twice is handled once`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 3)
        let message = SignalMessage.test(1)
        for message in [message, message, .test(2)] { bench.send(message) }
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await bench.untilSettled()
        }
        #expect(lines.value == ["batch 1 2"])
        #expect(bench.inbox.marks.count == 2)
    }

    @Test
    func `a message for another handler waits for the batch of its subject, which does not wait longer`()
        async throws
    {
        let bench = DispatcherBench()
        add(to: bench, upTo: 100)
        addOther(to: bench)
        for number in 1...2 { bench.send(.test(number, subject: "one")) }
        bench.send(.test(3, name: Self.other, subject: "one"))
        try await bench.running { try await bench.untilSettled() }
        #expect(lines.value == ["batch 1 2", "other 3"])
    }

    @Test func `the other handlers of a message run before and after its batch`() async throws {
        let bench = DispatcherBench()
        bench.change {
            $0.on(TestSignal.self, as: "before") { signal, _ in
                lines.change { $0.append("before \(signal.number)") }
            }
        }
        add(to: bench, upTo: 2)
        bench.change {
            $0.on(TestSignal.self, as: "after") { signal, _ in
                lines.change { $0.append("after \(signal.number)") }
            }
        }
        for number in 1...2 { bench.send(.test(number)) }
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await bench.untilSettled()
        }
        #expect(lines.value == ["before 1", "before 2", "batch 1 2", "after 1", "after 2"])
        #expect(bench.inbox.marks.count == 6)
    }

    @Test func `a strictly ordered queue keeps its order across batches`() async throws {
        let bench = DispatcherBench(strictlyOrdered: true)
        add(to: bench, upTo: 100)
        addOther(to: bench)
        let names = [TestSignal.name, TestSignal.name, Self.other, Self.other, TestSignal.name]
        for (index, name) in names.enumerated() { bench.send(.test(index + 1, name: name)) }
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await eventually("the first four were handled") { lines.value.count == 3 }
        }
        #expect(lines.value == ["batch 1 2", "other 3", "other 4", "batch 5"])
        #expect(bench.unsettled == 0)
    }

    @Test func `a lost connection loses no message of a waiting batch and repeats none`() async throws {
        let bench = DispatcherBench()
        let handled = Locked<[Int]>([])
        add(to: bench, upTo: 6) { batch in handled.change { $0 += batch.map(\.signal.number) } }
        addOther(to: bench)
        for number in 1...3 { bench.send(.test(number)) }
        bench.send(.test(4, name: Self.other))
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await eventually("they wait in the batch") { bench.unsettled == 3 && lines.value.count == 1 }
            bench.broker.dropConnections()
            for number in 5...7 { bench.send(.test(number)) }
        }
        #expect(handled.value.sorted() == [1, 2, 3, 5, 6, 7])
        #expect(bench.unsettled == 0 && bench.main.isEmpty && bench.dead.isEmpty)
    }

    @Test func `a batch runs within one span and one call of the middleware`() async throws {
        let bench = DispatcherBench()
        add(to: bench, upTo: 3)
        let middleware = Counting()
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running {
            $0.middleware = [middleware]
        } _: {
            try await bench.untilSettled()
        }
        #expect(middleware.calls.value == ["batch"])
        let spans = bench.tracer.finishedSpans
        let batch = try #require(spans.first { $0.operationName == "handle testing.happened" })
        let deliveries = spans.filter { $0.operationName == "process memory" }
        #expect(spans.count == 4 && deliveries.count == 3)
        // The batch is part of several traces, so it is linked with them instead of being a child.
        #expect(batch.parentSpanID == nil)
        #expect(
            Set(batch.links.compactMap { $0.context.inMemorySpanContext?.spanID })
                == Set(deliveries.map(\.spanID)))
        #expect(
            try bench.metrics.expectCounter("auth_signals_handled", [("handler", "batch")]).totalValue == 3)
    }

    private struct Counting: SignalMiddleware {
        let calls = Locked<[String]>([])

        func handle(
            _ event: SignalEvent, _ context: SignalContext, by handler: String,
            next: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
        ) async throws {
            calls.change { $0.append(handler) }
            try await next(event, context)
        }
    }
}
