// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import Metrics
import MetricsTestKit
import ServiceLifecycleTestKit
import Testing

@testable import AuthRelay

/// A relay's metrics and logs.
@Suite struct RelayLogTests {
    @Test func `counts every outcome, and an unrouted signal is an error only if it is required`()
        async throws
    {
        let (outbox, broker, clock, metrics) = (MemoryOutbox(), MemoryBroker(), FixedClock(), TestMetrics())
        let log = InMemoryLogHandler()
        var settings = RelaySettings()
        settings.sweepInterval = .milliseconds(5)
        settings.statusInterval = .milliseconds(5)
        settings.required = ["testing.required"]
        let relay = SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            clock: clock, logger: Logger(label: "test", factory: { _ in log }), metrics: metrics)
        broker.declareQueue("some", bind: ["testing.happened", "testing.bad", "testing.full"])
        let (lost, full) = (Locked(true), Locked(true))
        broker.answer { message in
            switch message.type {
            case "testing.bad": return .refuse("a rule")
            case "testing.full": return full.value ? .nack : .route
            default:
                let isLost = lost.change { lost in
                    defer { lost = false }
                    return lost
                }
                return isLost ? .lose(stored: false) : .route
            }
        }
        outbox.commit([.test(1, at: clock.now())])
        outbox.commit([
            .test(2, name: "testing.bad"), .test(3, name: "testing.full"),
            .test(4, name: "testing.required"), .test(5, name: "testing.optional"),
        ])
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("one is deferred") { outbox.pending.map(\.attempts) == [1] }
                clock.advance(by: .seconds(100))
                try await eventually("the gauge has its age") {
                    try metrics.expectGauge("auth_signals_oldest_pending_age_seconds").lastValue == 100
                }
                full.change { $0 = false }
                try await eventually("all were settled") {
                    clock.advance(by: .seconds(60))
                    return outbox.pending.isEmpty
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        func count(_ name: String) throws -> Int64 {
            try metrics.expectCounter("auth_signals_\(name)").totalValue
        }
        #expect(try count("confirmed") == 2)
        #expect(try count("unrouted") == 2)
        #expect(try count("parked") == 1)
        #expect(try count("nacked") >= 1)
        #expect(try count("unknown") >= 1)
        #expect(try count("republished") == count("unknown"))
        #expect(try metrics.expectTimer("auth_signals_publish_duration").values.isEmpty == false)
        let errors = log.entries.filter { $0.level == .error }
        #expect(errors.count == 2)
        #expect(errors.contains { $0.metadata["signal"] == "testing.required" })
        #expect(errors.contains { $0.metadata["reason"] == "a rule" })
        #expect(
            log.entries.contains { $0.level == .notice && $0.metadata["signal"] == "testing.optional" })
    }

    @Test func `log, metrics and relay name the signal that made the broker close the channel`()
        async throws
    {
        let (outbox, broker, clock, metrics) = (MemoryOutbox(), MemoryBroker(), FixedClock(), TestMetrics())
        let log = InMemoryLogHandler()
        var settings = RelaySettings()
        settings.sweepInterval = .milliseconds(5)
        settings.settleInterval = .milliseconds(1)
        let relay = SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            clock: clock, logger: Logger(label: "test", factory: { _ in log }), metrics: metrics)
        broker.declareQueue("all", bind: ["#"])
        broker.answer { $0.type == "testing.bad" ? .close(code: 406, text: "too large") : .route }
        let bad = SignalDraft.test(2, name: "testing.bad", subject: "ada")
        outbox.commit([.test(1, subject: "bob"), bad, .test(3, subject: "ada"), .test(4, subject: "bob")])
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("it is suspected") { relay.suspects.map(\.id) == [bad.id] }
                #expect(relay.suspects.first?.reason == "too large")
                try await eventually("the others are confirmed, and its subject is blocked") {
                    Set(outbox.confirmed) == [1, 4]
                }
                try await eventually("it is parked, and its subject continues") {
                    clock.advance(by: .seconds(10))
                    return outbox.pending.isEmpty
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(outbox.parked == [2: "too large"])
        #expect(Set(outbox.confirmed) == [1, 3, 4])
        #expect(relay.suspects.isEmpty)
        let closed = try metrics.expectCounter(
            "auth_signals_channel_closed", [("signal", "testing.bad"), ("code", "406")])
        #expect(closed.totalValue == 3)
        #expect(try metrics.expectGauge("auth_signals_suspects").lastValue == 0)
        let warnings = log.entries.filter { $0.level == .warning && $0.metadata["signal"] == "testing.bad" }
        #expect(warnings.count == 2)
        #expect(warnings.allSatisfy { $0.metadata["reason"] == "too large" && $0.metadata["code"] == "406" })
        #expect(log.entries.contains { $0.level == .error && $0.metadata["signal"] == "testing.bad" })
    }

    @Test func `unrouted signals are logged at most once a minute per name, with their number`() {
        let log = UnroutedLog()
        let now = Date(timeIntervalSince1970: 1_795_420_800)
        #expect(log.count("testing.a", at: now) == 1)
        #expect(log.count("testing.a", at: now + 1) == nil)
        #expect(log.count("testing.b", at: now + 1) == 1)
        #expect(log.count("testing.a", at: now + 59) == nil)
        #expect(log.count("testing.a", at: now + 60) == 3)
        #expect(log.count("testing.a", at: now + 61) == nil)
        // The clock has moved backwards.
        #expect(log.count("testing.a", at: now) == 2)
    }

    @Test func `counts signals emitted by any process since the relay's start`() async throws {
        let (outbox, broker, metrics) = (MemoryOutbox(), MemoryBroker(), TestMetrics())
        var settings = RelaySettings()
        settings.statusInterval = .milliseconds(5)
        let relay = SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), metrics: metrics)
        broker.declareQueue("some", bind: ["#"])
        outbox.commit([.test(1), .test(2)])
        func emitted() throws -> Int64 { try metrics.expectCounter("auth_signals_emitted").totalValue }
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("the existing rows are published") { outbox.pending.isEmpty }
                #expect(try emitted() == 0)
                outbox.commit([.test(3), .test(4), .test(5)])
                try await eventually("the new rows are counted") { try emitted() == 3 }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(try emitted() == 3)
    }
}
