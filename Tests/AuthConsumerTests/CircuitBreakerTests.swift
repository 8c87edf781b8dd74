// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import MetricsTestKit
import Testing

@testable import AuthConsumer

/// The state machine.
@Suite struct CircuitBreakerTests {
    private let start = FixedClock().now()

    private func breaker(_ failures: Int = 3) -> CircuitBreaker {
        var settings = CircuitBreakerSettings()
        settings.failures = failures
        return CircuitBreaker(settings)
    }

    private func time(_ seconds: Double) -> Date { start.addingTimeInterval(seconds) }

    private func opened() -> CircuitBreaker {
        var breaker = breaker(1)
        _ = breaker.ended(.failure, asProbe: false, at: time(0))
        return breaker
    }

    @Test func `opens after that many failures in a row, which count as attempts`() {
        var breaker = breaker()
        for _ in 0..<2 {
            let answer = breaker.ended(.failure, asProbe: false, at: time(0))
            #expect(answer.change == nil && answer.isAttempt)
            #expect(breaker.admit(at: time(0)) == .run)
        }
        let last = breaker.ended(.failure, asProbe: false, at: time(0))
        #expect(last.change == .opened && last.isAttempt)
        #expect(breaker.state == .open)
        #expect(breaker.admit(at: time(0)) == .wait)
    }

    @Test func `one message that fails again and again opens no circuit`() {
        var breaker = breaker()
        let message = UUID()
        for _ in 0..<30 {
            let answer = breaker.ended(.failure, of: message, asProbe: false, at: time(0))
            #expect(answer.change == nil && answer.isAttempt)
        }
        #expect(breaker.state == .closed)
        _ = breaker.ended(.failure, asProbe: false, at: time(0))
        #expect(breaker.ended(.failure, asProbe: false, at: time(0)).change == .opened)
    }

    @Test func `a success starts the count again; a neutral outcome does not`() {
        var breaker = breaker()
        for _ in 0..<5 {
            for outcome in [CircuitBreaker.Outcome.failure, .failure, .success] {
                _ = breaker.ended(outcome, asProbe: false, at: time(0))
            }
        }
        #expect(breaker.state == .closed)
        for outcome in [CircuitBreaker.Outcome.failure, .neutral, .failure, .neutral, .failure] {
            _ = breaker.ended(outcome, asProbe: false, at: time(0))
        }
        #expect(breaker.state == .open)
    }

    @Test func `lets one message through when the interval has passed`() {
        var breaker = opened()
        #expect(breaker.admit(at: time(9.9)) == .wait)
        #expect(breaker.admit(at: time(10)) == .probe)
        #expect(breaker.state == .halfOpen)
        #expect(breaker.admit(at: time(1000)) == .wait)
    }

    @Test func `a probe that succeeds closes it`() {
        var breaker = opened()
        _ = breaker.admit(at: time(10))
        #expect(breaker.ended(.success, asProbe: true, at: time(11)).change == .closed)
        #expect(breaker.state == .closed && breaker.failures == 0)
        #expect(breaker.admit(at: time(11)) == .run)
    }

    @Test func `a probe that fails is not an attempt, and doubles the interval up to the longest`() {
        var breaker = opened()
        var now = 0.0
        for (interval, rung) in [
            (10.0, RetryRung.tenSeconds), (20, .tenSeconds), (40, .tenSeconds), (60, .oneMinute),
            (60, .oneMinute),
        ] {
            #expect(breaker.interval == .seconds(interval))
            #expect(breaker.rung == rung)
            now += interval
            #expect(breaker.admit(at: time(now - 0.1)) == .wait)
            #expect(breaker.admit(at: time(now)) == .probe)
            let answer = breaker.ended(.failure, asProbe: true, at: time(now))
            #expect(answer.change == nil && !answer.isAttempt)
        }
    }

    @Test func `a probe without a result is followed by another one at once`() {
        var breaker = opened()
        _ = breaker.admit(at: time(10))
        #expect(breaker.ended(.neutral, asProbe: true, at: time(10)).isAttempt)
        #expect(breaker.admit(at: time(10)) == .probe)
    }

    @Test func `outcomes of runs that began before it opened change nothing`() {
        var breaker = opened()
        #expect(!breaker.ended(.failure, asProbe: false, at: time(1)).isAttempt)
        #expect(breaker.ended(.success, asProbe: false, at: time(1)).change == nil)
        #expect(breaker.state == .open)
        _ = breaker.admit(at: time(10))
        #expect(!breaker.ended(.failure, asProbe: false, at: time(11)).isAttempt)
        #expect(breaker.ended(.success, asProbe: false, at: time(11)).change == nil)
        #expect(breaker.state == .halfOpen)
    }

    @Test func `a clock that is set back does not postpone the probe`() {
        var breaker = opened()
        #expect(breaker.admit(at: time(-3600)) == .probe)
    }
}

/// The circuits of a dispatcher's handlers.
@Suite struct HandlerCircuitTests {
    private struct Away: Error {}
    private let isAway = Locked(true)

    private func add(to bench: DispatcherBench) {
        bench.on { _, _ in if isAway.value { throw Away() } }
    }

    private func settings(_ failures: Int, pace: Duration = .zero) -> (inout DispatcherSettings) -> Void {
        {
            $0.concurrency = 1
            $0.circuitBreaker?.failures = failures
            $0.circuitBreaker?.pace = pace
        }
    }

    private func attempts(_ bench: DispatcherBench, _ rung: RetryRung) -> [SignalMessage.HeaderValue?] {
        bench.on(rung).map { $0.headers["auth-attempt"] }
    }

    private func waiting(_ bench: DispatcherBench) -> [SignalMessage] {
        RetryRung.allCases.flatMap { bench.on($0) }
    }

    @Test func `an outage of an hour costs no more attempts and no dead letter`() async throws {
        let bench = DispatcherBench()
        let calls = Locked(0)
        bench.change {
            $0.on(
                TestSignal.self, as: "fragile", retry: .ladder([.oneSecond], attempts: 2)
            ) { _, _ in
                calls.change { $0 += 1 }
                if isAway.value { throw Away() }
            }
        }
        for number in 1...3 { bench.send(.test(number)) }
        try await bench.running(settings(3)) {
            try await eventually("three have failed") { bench.on(.oneSecond).count == 3 }
            #expect(bench.circuits["fragile"] == .open)
            #expect(
                try bench.metrics.expectGauge(
                    "auth_signals_circuit_open", [("handler", "fragile")]
                ).lastValue == 1)
            for number in 4...8 { bench.send(.test(number)) }
            try await eventually("five are deferred") { bench.on(.tenSeconds).count == 5 }
            #expect(attempts(bench, .tenSeconds) == Array(repeating: .integer(0), count: 5))
            #expect(calls.value == 3)

            for _ in 0..<60 {
                bench.broker.advance(by: .seconds(60))
                try await bench.untilSettled()
                #expect(waiting(bench).count == 8)
            }
            // Only the probes ran.
            #expect(calls.value == 3 + 60)
            let counts = waiting(bench).map { $0.headers["auth-attempt"]?.integer }
            #expect(counts.filter { $0 == 1 }.count == 3)
            #expect(counts.filter { $0 == 0 }.count == 5)

            isAway.change { $0 = false }
            for _ in 0..<3 {
                bench.broker.advance(by: .seconds(60))
                try await bench.untilSettled()
            }
            #expect(bench.circuits["fragile"] == .closed)
            #expect(waiting(bench).isEmpty)
        }
        #expect(bench.inbox.marks.count == 8)
        #expect(bench.dead.isEmpty)
        #expect(bench.log.entries.filter { "\($0.message)".hasPrefix("circuit opened") }.count == 1)
        #expect(bench.log.entries.filter { "\($0.message)" == "circuit closed" }.count == 1)
        let handler = [("handler", "fragile")]
        #expect(try bench.metrics.expectGauge("auth_signals_circuit_open", handler).lastValue == 0)
        #expect(try bench.metrics.expectCounter("auth_signals_circuit_opened", handler).totalValue == 1)
        #expect(try bench.metrics.expectCounter("auth_signals_deferred", handler).totalValue > 8)
    }

    @Test func `the other handlers of a message run while a circuit is open`() async throws {
        let bench = DispatcherBench()
        bench.change { $0.on(matching: "#", as: "fragile") { _, _ in throw Away() } }
        bench.on()
        for number in 1...5 { bench.send(.test(number)) }
        try await bench.running(settings(2)) { try await bench.untilSettled() }
        #expect(bench.recorder.entries.count == 5)
        #expect(bench.circuits == ["fragile": .open, "recorder": .closed])
        #expect(attempts(bench, .oneSecond) == [.integer(1), .integer(1)])
        #expect(bench.on(.tenSeconds).count == 3)
        #expect(bench.on(.tenSeconds).allSatisfy { $0.headers["auth-handler"] == .string("fragile") })
        #expect(bench.on(.tenSeconds).allSatisfy { $0.headers["auth-failed-at"] == nil })
    }

    @Test func `a run that fails after the circuit has opened is not counted as an attempt`() async throws {
        let bench = DispatcherBench()
        let gate = Gate()
        bench.on { event, _ in
            if event.sequence == 1 { await gate.wait() }
            throw Away()
        }
        bench.send(.test(1))
        try await bench.running {
            $0.concurrency = 2
            $0.circuitBreaker?.failures = 1
        } _: {
            try await bench.recorder.wait { $0.count == 1 }
            bench.send(.test(2))
            try await eventually("the circuit is open") { bench.circuits["recorder"] == .open }
            gate.open()
            try await bench.untilSettled()
        }
        #expect(attempts(bench, .oneSecond) == [.integer(1)])
        #expect(attempts(bench, .tenSeconds) == [.integer(0)])
        #expect(bench.on(.tenSeconds).first?.headers["auth-error"] == .string("Away"))
    }

    @Test func `rejected and malformed messages do not open a circuit`() async throws {
        let bench = DispatcherBench()
        bench.change {
            $0.on(matching: "testing.*", as: "judge") { _, _ in throw SignalVerdict.reject("no") }
            $0.on(UserLoggedIn.self, as: "typed") { _, _ in }
        }
        for number in 1...3 {
            bench.send(.test(number))
            bench.send(.test(number, name: UserLoggedIn.name))
        }
        try await bench.running(settings(2)) {
            try await eventually("all are dead-lettered") { bench.dead.count == 6 }
        }
        #expect(bench.circuits == ["judge": .closed, "typed": .closed])
    }

    @Test(arguments: [nil, 0]) func `can be turned off`(_ failures: Int?) async throws {
        let bench = DispatcherBench()
        add(to: bench)
        for number in 1...30 { bench.send(.test(number)) }
        try await bench.running {
            if let failures {
                $0.circuitBreaker?.failures = failures
            } else {
                $0.circuitBreaker = nil
            }
        } _: {
            try await bench.untilSettled()
        }
        #expect(bench.circuits.isEmpty)
        #expect(attempts(bench, .oneSecond) == Array(repeating: .integer(1), count: 30))
    }

    @Test func `opens after 20 failures by default`() async throws {
        let bench = DispatcherBench()
        add(to: bench)
        for number in 1...19 { bench.send(.test(number)) }
        try await bench.running {
            $0.circuitBreaker?.pace = .zero
        } _: {
            try await bench.untilSettled()
            #expect(bench.circuits["recorder"] == .closed)
            bench.send(.test(20))
            try await eventually("it has failed, too") { bench.circuits["recorder"] == .open }
        }
    }

    @Test func `a strictly ordered queue holds messages instead of deferring them`() async throws {
        let bench = DispatcherBench(strictlyOrdered: true)
        add(to: bench)
        for number in 1...4 { bench.send(.test(number)) }
        try await bench.running(settings(2)) {
            try await eventually("two have failed, two are held") {
                bench.circuits["recorder"] == .open && bench.unsettled == 2
            }
            // A probe that fails holds its message, too.
            bench.clock.advance(by: .seconds(10))
            try await bench.recorder.wait { $0.count == 3 }
            try await eventually("the circuit is open again") { bench.circuits["recorder"] == .open }
            isAway.change { $0 = false }
            bench.clock.advance(by: .seconds(20))
            try await bench.untilSettled()
        }
        #expect(bench.recorder.entries.compactMap(\.event.sequence) == [1, 2, 3, 3, 4])
        #expect(bench.recorder.entries.map(\.context.attempt) == [1, 1, 1, 1, 1])
        #expect(bench.on(.oneSecond).count == 2)
        #expect(bench.on(.tenSeconds).isEmpty && bench.dead.isEmpty)
    }

    @Test func `a worker that stops releases the messages that it holds`() async throws {
        let bench = DispatcherBench(strictlyOrdered: true)
        add(to: bench)
        for number in 1...4 { bench.send(.test(number)) }
        try await bench.running(settings(2)) {
            try await eventually("two have failed, two are held") {
                bench.circuits["recorder"] == .open && bench.unsettled == 2
            }
        }
        #expect(bench.recorder.entries.count == 2)
        bench.source.close()
        #expect(bench.main.count == 2)
    }

    @Test func `a worker whose circuits are all open leaves the messages in the queue`() async throws {
        let bench = DispatcherBench(prefetch: 2)
        add(to: bench)
        for number in 1...8 { bench.send(.test(number)) }
        try await bench.running(settings(2, pace: .seconds(3600))) {
            try await eventually("two have failed") { bench.circuits["recorder"] == .open }
            try await eventually("the next ones are delivered") { bench.unsettled == 2 }
            isAway.change { $0 = false }
            bench.clock.advance(by: .seconds(10))
            try await bench.untilSettled()
        }
        #expect(bench.inbox.marks.count == 6)
        #expect(bench.on(.oneSecond).count == 2)
        #expect(bench.on(.tenSeconds).isEmpty)
    }

    @Test func `a batch that fails opens the circuit, and the rest of it is deferred`() async throws {
        let bench = DispatcherBench()
        let sizes = Locked<[Int]>([])
        bench.change {
            $0.onBatch(TestSignal.self, as: "batch", upTo: 5, within: .seconds(3600)) { batch in
                sizes.change { $0.append(batch.count) }
                throw Away()
            }
        }
        for number in 1...5 { bench.send(.test(number)) }
        try await bench.running(settings(2)) { try await bench.untilSettled() }
        #expect(sizes.value == [5, 1, 1])
        #expect(attempts(bench, .oneSecond) == [.integer(1), .integer(1)])
        #expect(attempts(bench, .tenSeconds) == [.integer(0), .integer(0), .integer(0)])
    }
}
