// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite struct DispatchOrderTests {
    @Test func `handles signals of one subject in sequence, of different subjects concurrently`() async throws
    {
        let bench = DispatcherBench(prefetch: 100)
        let running = Locked<[String: Int]>([:])
        let most = Locked((subject: 0, all: 0))
        bench.on { event, _ in
            let subject = event.subject ?? ""
            let now = running.change { running in
                running[subject, default: 0] += 1
                return (running[subject] ?? 0, running.values.reduce(0, +))
            }
            most.change { $0 = (max($0.subject, now.0), max($0.all, now.1)) }
            for _ in 0..<20 { await Task.yield() }
            running.change { $0[subject, default: 0] -= 1 }
        }
        for number in 1...90 { bench.send(.test(number, subject: "subject-\(number % 5)")) }
        try await bench.running { try await bench.untilSettled() }
        #expect(most.value.subject == 1)
        #expect(most.value.all > 1)
        #expect(most.value.all <= 5)
        for subject in 0..<5 {
            let order = bench.recorder.entries.filter { $0.event.subject == "subject-\(subject)" }
                .compactMap(\.event.sequence)
            #expect(order == order.sorted())
            #expect(order.count == 18)
        }
    }

    @Test(arguments: [0, -1, .min]) func `handles one by one with a concurrency below 1`(
        concurrency: Int
    ) async throws {
        let bench = DispatcherBench()
        bench.on()
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running {
            $0.concurrency = concurrency
        } _: {
            try await bench.untilSettled()
        }
        #expect(bench.recorder.entries.compactMap(\.event.sequence) == [1, 2, 3])
    }

    @Test func `never exceeds the configured concurrency`() async throws {
        let bench = DispatcherBench(prefetch: 100)
        let gate = Gate()
        bench.on { _, _ in await gate.wait() }
        for number in 1...20 { bench.send(.test(number)) }
        try await bench.running {
            $0.concurrency = 3
        } _: {
            try await bench.recorder.wait { $0.count == 3 }
            for _ in 0..<100 { await Task.yield() }
            #expect(bench.recorder.entries.count == 3)
            gate.open()
            try await bench.untilSettled()
        }
        #expect(bench.recorder.entries.count == 20)
    }

    @Test func `flushes acknowledgements before handling a message that may have crashed its worker`()
        async throws
    {
        let broker = MemoryBroker()
        let source = RecordingSource(MemorySource("worker", of: broker))
        var handlers = SignalHandlers()
        handlers.on(TestSignal.self, as: "recorded") { signal, _ in
            source.recorded.change { $0.append("handler of \(signal.number)") }
        }
        for number in 1...3 {
            let message = SignalMessage.test(number, subject: "one")
            broker.put(message, into: "worker", deliveryCount: number == 3 ? 2 : 0)
        }
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: nil, logger: Logger(label: "test"))
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await dispatcher.run() }
                try await eventually("all were acknowledged") {
                    source.recorded.value.last == "acknowledged 3"
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(
            source.recorded.value == [
                "handler of 1", "acknowledged 1", "handler of 2", "acknowledged 2", "flush", "handler of 3",
                "acknowledged 3",
            ])
    }

    @Test func `a slow subject does not delay other subjects`() async throws {
        let bench = DispatcherBench()
        let gate = Gate()
        bench.on { event, _ in if event.subject == "slow" { await gate.wait() } }
        bench.send(.test(1, subject: "slow"))
        bench.send(.test(2, subject: "slow"))
        bench.send(.test(3, subject: "quick"))
        try await bench.running {
            try await bench.recorder.wait { $0.contains { $0.event.sequence == 3 } }
            #expect(!bench.recorder.entries.contains { $0.event.sequence == 2 })
            gate.open()
            try await bench.untilSettled()
        }
    }

    @Test func `handles a message that may have crashed its worker alone`() async throws {
        let bench = DispatcherBench()
        let running = Locked(0)
        let beside = Locked(0)
        let possiblePoison = SignalMessage.test(3)
        bench.on { event, _ in
            let others = running.change { running in
                running += 1
                return running - 1
            }
            for _ in 0..<20 { await Task.yield() }
            let atEnd = running.change { running in
                running -= 1
                return running
            }
            if event.id.wireText == possiblePoison.messageID { beside.change { $0 += others + atEnd } }
        }
        for number in 1...2 { bench.send(.test(number)) }
        bench.send(possiblePoison, deliveryCount: 2)
        for number in 4...9 { bench.send(.test(number)) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.recorder.entries.count == 9)
        #expect(beside.value == 0)
    }

    @Test(arguments: [1, 8])
    func `a strictly ordered queue keeps its order after any number of crashes`(_ concurrency: Int)
        async throws
    {
        let bench = DispatcherBench(prefetch: 16, strictlyOrdered: true)
        bench.on { _, _ in await Task.yield() }
        for number in 1...10 { bench.send(.test(number, subject: "one"), deliveryCount: 4) }
        try await bench.running {
            $0.concurrency = concurrency
        } _: {
            try await bench.untilSettled()
        }
        #expect(bench.recorder.entries.compactMap(\.event.sequence) == Array(1...10))
    }

    @Test func `does not start deliveries of a lost connection, because they are redelivered`() async throws {
        let bench = DispatcherBench(prefetch: 4)
        let gate = Gate()
        bench.on { event, _ in if event.sequence == 1 { await gate.wait() } }
        for number in 1...4 { bench.send(.test(number, subject: "one")) }
        try await bench.running {
            try await bench.recorder.wait { $0.count == 1 }
            bench.broker.dropConnections()
            gate.open()
            try await bench.untilSettled()
        }
        // The first was started before the loss; the inbox drops its redelivery as a duplicate.
        #expect(bench.recorder.entries.compactMap(\.event.sequence) == [1, 2, 3, 4])
    }

    @Test func `a shutdown stops taking deliveries, finishes the received ones and returns`() async throws {
        let bench = DispatcherBench(prefetch: 4)
        let gate = Gate()
        bench.on { _, _ in await gate.wait() }
        for number in 1...10 { bench.send(.test(number)) }
        let dispatcher = bench.dispatcher { $0.concurrency = 2 }
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await dispatcher.run() }
                try await bench.recorder.wait { $0.count == 2 }
                trigger.triggerGracefulShutdown()
                try await eventually("it has stopped taking deliveries") { !bench.source.isTaking }
                gate.open()
                try await group.waitForAll()
            }
        }
        // Received deliveries are handled, not released.
        #expect(bench.recorder.entries.count == 4)
        #expect(bench.unsettled == 0)
        #expect(bench.main.count == 6)
    }

    @Test func `a shutdown has a time limit, and unfinished messages are redelivered`() async throws {
        let bench = DispatcherBench(prefetch: 2)
        let gate = Gate()
        bench.on { _, _ in await gate.wait() }
        bench.send(.test(1, subject: "a"))
        bench.send(.test(2, subject: "a"))
        try await bench.running {
            $0.finishWithin = .milliseconds(20)
        } _: {
            try await bench.recorder.wait { $0.count == 1 }
        }
        #expect(bench.unsettled == 2)
        bench.source.close()
        #expect(bench.main.count == 2)
        #expect(bench.dead.isEmpty)
        gate.open()
    }

    @Test func `a cancelled dispatcher does not settle unhandled messages`() async throws {
        let bench = DispatcherBench()
        bench.on { _, _ in try await Task.sleep(for: .seconds(600)) }
        bench.send(.test(1))
        let dispatcher = bench.dispatcher()
        let run = Task { try await dispatcher.run() }
        try await bench.recorder.wait { $0.count == 1 }
        run.cancel()
        try await run.value
        #expect(bench.unsettled == 1)
        #expect(bench.on(.oneSecond).isEmpty)
    }
}

/// A source that records acknowledgements and flushes.
private struct RecordingSource: SignalSource {
    let recorded = Locked<[String]>([])
    private let source: MemorySource

    init(_ source: MemorySource) { self.source = source }

    func nextDeliveries() async -> [Delivery]? { await source.nextDeliveries() }

    func acknowledge(_ delivery: Delivery) {
        source.acknowledge(delivery)
        recorded.change { $0.append("acknowledged \(delivery.tag.number)") }
    }

    func release(_ delivery: Delivery) { source.release(delivery) }
    func flush() async { recorded.change { $0.append("flush") } }
    func republish(_ delivery: Delivery, as copies: [RepublishedCopy]) async throws {
        try await source.republish(delivery, as: copies)
    }
    func stopTaking() async { await source.stopTaking() }
}
