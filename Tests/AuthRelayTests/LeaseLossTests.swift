// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

/// A relay whose lease is lost, as that of a store behind a network can be.
@Suite struct LeaseLossTests {
    /// A memory outbox whose next calls for the lease can fail.
    private struct UnreachableOutbox: Outbox {
        struct Unreachable: Error {}
        let memory = MemoryOutbox()
        let failures = Locked(0)

        func acquireRelayLease() async throws -> any Lease {
            let fails = failures.change { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if fails { throw Unreachable() }
            return try await memory.acquireRelayLease()
        }

        func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
            try await memory.rows(after: cursor, limit: limit, now: now)
        }

        func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
            try await memory.dueRows(upTo: cursor, limit: limit, now: now)
        }

        func rows(ofSubject subject: String, after sequence: Int64, limit: Int) async throws -> [OutboxRow] {
            try await memory.rows(ofSubject: subject, after: sequence, limit: limit)
        }

        func settle(_ settlements: [OutboxSettlement]) async throws { try await memory.settle(settlements) }
        func wakeUps() -> AsyncStream<Void> { memory.wakeUps() }
        func status() async throws -> OutboxStatus { try await memory.status() }
    }

    private let outbox = UnreachableOutbox()
    private let broker = MemoryBroker()
    private let log = InMemoryLogHandler()

    private func relay() -> SignalRelay {
        var settings = RelaySettings()
        settings.sweepInterval = .milliseconds(5)
        settings.settleInterval = .milliseconds(1)
        return SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            clock: FixedClock(), logger: Logger(label: "test", factory: { [log] _ in log }))
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

    private func warnings(_ prefix: String) -> Int {
        log.entries.count { $0.level == .warning && "\($0.message)".hasPrefix(prefix) }
    }

    @Test func `a relay that loses its lease waits for it, and publishes again what has no answer`()
        async throws
    {
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        let drafts = (1...50).map { SignalDraft.test($0, subject: "a") }
        outbox.memory.commit(drafts)
        let relay = relay()
        try await running(relay) {
            try await eventually("the broker has received them") { broker.accepted.count == 50 }
            let other = Task { [outbox] in try await outbox.acquireRelayLease() }
            try await eventually("another process waits") { outbox.memory.isRelayLeaseAwaited }
            outbox.memory.loseRelayLease()
            let lease = try await other.value
            try await eventually("the relay waits") { relay.phase == .waitingForLease }
            try await eventually("it waits for the lease") { outbox.memory.isRelayLeaseAwaited }
            // The answers to the abandoned batches settle nothing.
            broker.holdConfirms(false)
            #expect(warnings("relay lease lost") == 1)
            #expect(outbox.memory.pending.count == 50)
            lease.release()
            try await eventually("all were settled") { outbox.memory.confirmed.count == 50 }
        }
        let ids = drafts.map(\.id.wireText)
        #expect(broker.accepted.map(\.messageID) == ids + ids)
        #expect(outbox.memory.confirmed == Array(1...50))
    }

    @Test func `a relay continues after a lost lease although the store is unreachable for a while`()
        async throws
    {
        broker.declareQueue("all", bind: ["#"])
        let relay = relay()
        try await running(relay) {
            try await eventually("it relays") { relay.phase == .relaying }
            outbox.failures.change { $0 = 3 }
            outbox.memory.loseRelayLease()
            try await eventually("it has tried again") { warnings("relay lease acquisition failed") == 3 }
            outbox.memory.commit([.test(1)])
            try await eventually("it relays again") { outbox.memory.confirmed == [1] }
        }
        #expect(relay.phase == .stopped)
    }

    @Test func `the first acquisition of the lease ends the relay if it fails`() async throws {
        outbox.failures.change { $0 = 1 }
        let relay = relay()
        await #expect(throws: UnreachableOutbox.Unreachable.self) { try await relay.run() }
    }

    @Test func `a relay that loses its lease during a graceful stop ends`() async throws {
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        outbox.memory.commit([.test(1)])
        let relay = relay()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("the broker has received it") { broker.accepted.count == 1 }
                trigger.triggerGracefulShutdown()
                try await eventually("it is stopping") { relay.phase == .stopping }
                outbox.memory.loseRelayLease()
                try await group.waitForAll()
            }
        }
        #expect(outbox.memory.pending.count == 1)
    }
}
