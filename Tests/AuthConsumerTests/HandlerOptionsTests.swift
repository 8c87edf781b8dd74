// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct HandlerOptionsTests {
    private struct Boom: Error {}
    private let bench = DispatcherBench()
    private static let other: SignalName = "testing.other"

    private func handler(of message: SignalMessage) -> String? { message.headers["auth-handler"]?.string }

    // MARK: Retry

    @Test func `a ladder repeats its last rung until the attempts are used up`() {
        #expect(HandlerRetry.ladder([.oneSecond]).rungs == [.oneSecond])
        #expect(
            HandlerRetry.ladder([.oneSecond, .oneMinute], attempts: 5).rungs == [
                .oneSecond, .oneMinute, .oneMinute, .oneMinute,
            ])
        #expect(HandlerRetry.ladder([.oneSecond, .oneMinute], attempts: 2).rungs == [.oneSecond])
        #expect(HandlerRetry.ladder([.oneHour], attempts: 1).rungs == [])
        #expect(HandlerRetry.ladder([.oneHour], attempts: .min).rungs == [])
        #expect(HandlerRetry.ladder([.oneHour], attempts: .max).rungs?.count == 9_999)
        #expect(HandlerRetry.ladder([]) == .never)
        #expect(HandlerRetry.default.rungs == nil)
    }

    @Test func `a handler has its own rungs and attempts beside one that has the worker's`() async throws {
        bench.change {
            $0.on(
                matching: "#", as: "own", retry: .ladder([.oneMinute], attempts: 2)
            ) { _, _ in throw Boom() }
            $0.on(matching: "#", as: "standard") { _, _ in throw Boom() }
        }
        bench.send(.test(1))
        try await bench.running {
            try await eventually("both have failed") {
                bench.on(.oneMinute).count == 1 && bench.on(.oneSecond).count == 1
            }
            #expect(bench.on(.oneMinute).map(handler(of:)) == ["own"])
            #expect(bench.on(.oneSecond).map(handler(of:)) == ["standard"])
            bench.broker.advance(by: .seconds(60))
            try await eventually("one is dead-lettered, the other retried") {
                bench.dead.count == 1 && bench.on(.tenSeconds).count == 1
            }
        }
        #expect(bench.dead.map(handler(of:)) == ["own"])
        #expect(bench.dead.first?.headers["auth-attempt"] == .integer(2))
        #expect(bench.on(.tenSeconds).map(handler(of:)) == ["standard"])
    }

    @Test func `a handler without retries dead-letters a message after its first failure`() async throws {
        bench.change {
            $0.on(TestSignal.self, as: "once-only", retry: .never) { _, _ in throw Boom() }
        }
        bench.send(.test(1))
        try await bench.running { try await eventually("it is dead-lettered") { bench.dead.count == 1 } }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("attempts-exhausted"))
        #expect(bench.dead.first?.headers["auth-attempt"] == .integer(1))
    }

    // MARK: Time-out

    @Test func `a handler's own time limit does not limit the others`() async throws {
        let (stuck, patient) = (Gate(), Gate())
        bench.change {
            $0.on(TestSignal.self, as: "hasty", timeout: .milliseconds(20)) { _, _ in await stuck.wait() }
            $0.on(matching: "testing.other", as: "patient") { _, _ in await patient.wait() }
        }
        bench.send(.test(1, name: Self.other))
        bench.send(.test(2))
        try await bench.running {
            try await eventually("the first has failed") { bench.on(.oneSecond).count == 1 }
            #expect(bench.unsettled == 1)
            patient.open()
            try await bench.untilSettled()
        }
        #expect(bench.on(.oneSecond).map(handler(of:)) == ["hasty"])
        #expect(bench.on(.oneSecond).first?.headers["auth-error"] == .string("HandlerTimeout"))
        stuck.open()
    }

    // MARK: Concurrency

    @Test func `runs of a limited handler do not overlap, and leave the worker to others`() async throws {
        let gate = Gate()
        let most = Locked((now: 0, ever: 0))
        let free = SignalRecorder()
        bench.change {
            $0.on(TestSignal.self, as: "narrow", concurrency: 1) { signal, _ in
                most.change { $0 = ($0.now + 1, max($0.ever, $0.now + 1)) }
                await gate.wait()
                await Task.yield()
                most.change { $0.now -= 1 }
            }
            free.add(to: &$0, matching: "testing.other", as: "free")
        }
        for number in 1...6 { bench.send(.test(number)) }
        bench.send(.test(7, name: Self.other))
        try await bench.running {
            $0.concurrency = 2
        } _: {
            try await free.wait { $0.count == 1 }
            try await eventually("the others wait") { bench.unsettled == 6 }
            #expect(most.value.now == 1)
            gate.open()
            try await bench.untilSettled()
        }
        #expect(most.value.ever == 1)
        #expect(bench.inbox.marks.count == 7)
        #expect(bench.on(.oneSecond).isEmpty && bench.dead.isEmpty)
    }

    @Test func `a limited handler handles each subject in order`() async throws {
        let bench = DispatcherBench(prefetch: 100)
        let handled = Locked<[String: [Int]]>([:])
        bench.change {
            $0.on(matching: "#", as: "narrow", concurrency: 2) { event, _ in
                for _ in 0..<5 { await Task.yield() }
                handled.change { $0[event.subject ?? "", default: []].append(Int(event.sequence ?? 0)) }
            }
        }
        for number in 1...60 { bench.send(.test(number, subject: "subject-\(number % 4)")) }
        try await bench.running { try await bench.untilSettled() }
        #expect(handled.value.count == 4)
        for (_, numbers) in handled.value {
            #expect(numbers.count == 15)
            #expect(numbers == numbers.sorted())
        }
    }

    @Test func `a failed run gives its permit to the next message`() async throws {
        bench.change {
            $0.on(TestSignal.self, as: "narrow", concurrency: 1) { signal, _ in
                await Task.yield()
                if signal.number.isMultiple(of: 2) { throw Boom() }
            }
        }
        for number in 1...8 { bench.send(.test(number)) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.on(.oneSecond).count == 4)
        #expect(bench.inbox.marks.count == 4)
    }

    @Test func `a run that exceeds its time gives its permit to the next message`() async throws {
        let gate = Gate()
        bench.change {
            $0.on(TestSignal.self, as: "narrow", timeout: .milliseconds(20), concurrency: 1) { signal, _ in
                if signal.number == 1 { await gate.wait() }
            }
        }
        bench.send(.test(1))
        bench.send(.test(2))
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.on(.oneSecond).contains { $0.headers["auth-error"] == .string("HandlerTimeout") })
        gate.open()
    }

    // MARK: Filters

    @Test func `a message that a handler does not accept is acknowledged without a mark`() async throws {
        let seen = Locked<[Int]>([])
        bench.change {
            $0.on(TestSignal.self, as: "even", where: { $0.number.isMultiple(of: 2) }) { signal, _ in
                seen.change { $0.append(signal.number) }
            }
            $0.onUnhandled(as: "rest") { _, _ in seen.change { $0.append(-1) } }
        }
        for number in 1...4 { bench.send(.test(number, subject: "one")) }
        try await bench.running { try await bench.untilSettled() }
        #expect(seen.value == [2, 4])
        #expect(bench.inbox.marks.count == 2)
        #expect(bench.dead.isEmpty)
    }

    @Test func `a filter leaves the other handlers of a message alone`() async throws {
        bench.change {
            $0.on(matching: "#", as: "picky", where: { _ in false }) { _, _ in throw Boom() }
        }
        bench.on()
        bench.send(.test(1))
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.recorder.entries.count == 1)
        #expect(bench.inbox.marks.keys.map(\.handler) == ["recorder"])
    }

    @Test func `a message that cannot be decoded for a filter is dead-lettered`() async throws {
        bench.change { $0.on(UserLoggedIn.self, as: "typed", where: { _ in false }) { _, _ in } }
        bench.send(.test(1, name: UserLoggedIn.name))
        try await bench.running { try await eventually("it is dead-lettered") { bench.dead.count == 1 } }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("malformed"))
    }

    // MARK: Once for a pattern

    @Test func `a transactional handler of a pattern writes once per message`() async throws {
        bench.change { handlers in
            handlers.once(matching: "testing.*", as: "writer") { event, _, transaction in
                try #require(transaction as? MemoryInbox.Transaction).written.append(event.name.rawValue)
            }
        }
        let message = SignalMessage.test(1)
        for _ in 0..<2 { bench.send(message) }
        bench.send(.test(2, name: Self.other))
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.inbox.written.sorted() == ["testing.happened", "testing.other"])
    }
}
