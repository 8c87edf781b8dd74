// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import AuthTesting
import Foundation
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite struct SignalRelayTests {
    private let outbox = MemoryOutbox()
    private let broker = MemoryBroker()
    private let clock = FixedClock()
    private struct Crash: Error {}

    private func relay(
        _ failpoints: RelayFailpoints = .none, _ change: (inout RelaySettings) -> Void = { _ in }
    ) -> SignalRelay {
        var settings = RelaySettings()
        settings.sweepInterval = .milliseconds(5)
        settings.settleInterval = .milliseconds(1)
        change(&settings)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            clock: clock, failpoints: failpoints, logger: logger)
    }

    /// Runs a relay, then the body, then shuts the relay down and waits for its end.
    private func running(_ relay: SignalRelay, _ body: @Sendable () async throws -> Void) async throws {
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await body()
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    private var ids: [String] { broker.messages(in: "all").map(\.messageID) }

    @Test func `the number of signals in flight is known while the lease is held`() async throws {
        broker.declareQueue("all", bind: ["#"])
        outbox.commit([SignalDraft.test(1)])
        let relay = self.relay()
        #expect(relay.inFlight == nil)
        try await running(relay) {
            try await eventually("the row was settled") { outbox.confirmed.count == 1 }
            try await eventually("nothing is in flight") { relay.inFlight == 0 }
        }
        #expect(relay.inFlight == nil)
    }

    @Test func `publishes and settles rows in order that were committed before and after the start`()
        async throws
    {
        broker.declareQueue("all", bind: ["#"])
        let drafts = (1...1200).map { SignalDraft.test($0) }
        outbox.commit(Array(drafts.prefix(1100)))
        try await running(relay()) {
            try await eventually("the first were settled") { outbox.confirmed.count == 1100 }
            outbox.commit(Array(drafts.suffix(100)))
            try await eventually("all were settled") { outbox.confirmed.count == 1200 }
        }
        #expect(ids == drafts.map(\.id.wireText))
        #expect(outbox.pending.isEmpty)
    }

    @Test func `a paused outbox is not relayed until it is resumed`() async throws {
        broker.declareQueue("all", bind: ["#"])
        outbox.pause(since: clock.now())
        outbox.commit([.test(1), .test(2)])
        let relay = relay { $0.pauseInterval = .milliseconds(5) }
        try await running(relay) {
            try await eventually("it is paused") { relay.phase == .paused }
            #expect(ids.isEmpty)
            outbox.pause(since: nil)
            try await eventually("both were settled") { outbox.confirmed == [1, 2] }
            outbox.pause(since: clock.now())
            try await eventually("it is paused again") { relay.phase == .paused }
            outbox.commit([.test(3)])
            #expect(outbox.pending.count == 1)
        }
        #expect(ids.count == 2)
    }

    @Test func `a signal without a matching binding is unrouted, not lost`() async throws {
        broker.declareQueue("some", bind: ["testing.wanted"])
        outbox.commit([.test(1), .test(2, name: "testing.wanted")])
        try await running(relay()) {
            try await eventually("both were settled") { outbox.pending.isEmpty }
        }
        #expect(outbox.unrouted == [1])
        #expect(outbox.confirmed == [2])
    }

    @Test func `signals wait for an unavailable broker and for the end of an alarm`() async throws {
        broker.declareQueue("all", bind: ["#"])
        broker.setDown(true)
        outbox.commit([.test(1)])
        let relay = relay()
        try await running(relay) {
            try await eventually("it waits") { relay.phase == .waitingForBroker }
            broker.setDown(false)
            try await eventually("it was settled") { outbox.confirmed == [1] }
            broker.setAlarm(true)
            outbox.commit([.test(2)])
            broker.setAlarm(false)
            try await eventually("the second was settled") { outbox.confirmed == [1, 2] }
        }
        #expect(relay.phase == .stopped)
    }

    @Test
    func `after a lost connection the same messages are republished in order, and none is settled early`()
        async throws
    {
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        outbox.commit((1...50).map { .test($0, subject: "a") })
        try await running(relay()) {
            try await eventually("the broker has received them") { broker.accepted.count >= 50 }
            #expect(outbox.confirmed.isEmpty)
            broker.dropConnections()
            try await eventually("the broker has received them again") { broker.accepted.count >= 100 }
            broker.holdConfirms(false)
            try await eventually("all were settled") { outbox.confirmed.count == 50 }
        }
        let numbers = broker.accepted.map(\.messageID)
        #expect(Array(numbers.prefix(50)) == Array(numbers.suffix(50)))
    }

    @Test func `a nacked signal is republished when it is due; its subject waits, others do not`()
        async throws
    {
        broker.declareQueue("all", bind: ["#"])
        let refusing = Locked(true)
        broker.answer { $0.type == "testing.bad" && refusing.value ? .nack : .route }
        let bad = SignalDraft.test(1, name: "testing.bad", subject: "a")
        outbox.commit([bad])
        try await running(relay()) {
            try await eventually("it was deferred") { outbox.pending.first?.attempts == 1 }
            let behind = SignalDraft.test(2, subject: "a")
            let other = SignalDraft.test(3, subject: "b")
            outbox.commit([behind, other])
            try await eventually("the other subject was published") { ids == [other.id.wireText] }
            try await eventually("the two wait") { outbox.pending.map(\.draft.id) == [bad.id, behind.id] }
            refusing.change { $0 = false }
            clock.advance(by: .seconds(2))
            try await eventually("all were settled") { outbox.pending.isEmpty }
            #expect(ids == [other, bad, behind].map(\.id.wireText))
        }
    }

    @Test func `a permanently refused signal is parked with the reason`() async throws {
        broker.declareQueue("all", bind: ["#"])
        broker.answer { $0.type == "testing.bad" ? .refuse("the frame is too large") : .route }
        outbox.commit([.test(1, name: "testing.bad", subject: "a"), .test(2, subject: "a")])
        try await running(relay()) {
            try await eventually("both were settled") { outbox.pending.isEmpty }
        }
        #expect(outbox.parked == [1: "the frame is too large"])
        #expect(outbox.confirmed == [2])
    }

    @Test func `a second relay waits until the first one ends`() async throws {
        broker.declareQueue("all", bind: ["#"])
        let (first, second) = (relay(), relay())
        try await running(second) {
            try await eventually("one of them relays") { second.phase == .relaying }
            let run = Task { try await first.run() }
            outbox.commit([.test(1)])
            try await eventually("it was settled") { outbox.confirmed == [1] }
            #expect(first.phase == .waitingForLease)
            run.cancel()
            try await run.value
        }
        try await running(first) {
            outbox.commit([.test(2)])
            try await eventually("the other relay publishes") { outbox.confirmed == [1, 2] }
        }
    }

    @Test func `a graceful stop settles the rows in flight and publishes no more`() async throws {
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        outbox.commit([.test(1)])
        let relay = relay()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("the broker has received it") { broker.accepted.count == 1 }
                trigger.triggerGracefulShutdown()
                try await eventually("it is stopping") { relay.phase == .stopping }
                outbox.commit([.test(2)])
                broker.holdConfirms(false)
                try await group.waitForAll()
            }
        }
        #expect(outbox.confirmed == [1])
        #expect(outbox.pending.map(\.sequence) == [2])
    }

    @Test func `a graceful stop has a time limit if the broker does not confirm`() async throws {
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        outbox.commit([.test(1)])
        try await running(relay { $0.finishWithin = .milliseconds(20) }) {
            try await eventually("the broker has received it") { broker.accepted.count == 1 }
        }
        #expect(outbox.pending.map(\.sequence) == [1])
    }

    @Test(arguments: RelayFailpoints.Point.allCases)
    func `a relay that crashes at any point loses nothing`(_ point: RelayFailpoints.Point) async throws {
        broker.declareQueue("all", bind: ["#"])
        let drafts = (1...20).map { SignalDraft.test($0, subject: "a") }
        outbox.commit(drafts)
        let failing = relay(RelayFailpoints { if $0 == point { throw Crash() } })
        let crash = await #expect(throws: (any Error).self) { try await failing.run() }
        #expect(crash is Crash)
        try await running(relay()) {
            try await eventually("all were settled") { outbox.pending.isEmpty }
        }
        var seen: Set<String> = []
        #expect(ids.filter { seen.insert($0).inserted } == drafts.map(\.id.wireText))
        #expect(Set(outbox.confirmed) == Set(1...20))
    }
}
