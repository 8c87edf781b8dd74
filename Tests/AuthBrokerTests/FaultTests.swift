// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Testing

@testable import AuthBroker

/// Broker faults: alarms, silence, a crash.
@Suite(.needsBroker) struct FaultTests {
    /// Runs the body with the node for faults that would disturb other tests.
    private func withDisturbedNode(
        _ body: (PrivateBroker, BrokerSettings) async throws -> Void
    ) async throws {
        try await DisturbedBroker.use { broker, url in
            var settings = BrokerSettings(urls: [try BrokerURL(url)])
            settings.firstPause = .milliseconds(50)
            settings.longestPause = .milliseconds(500)
            try await body(broker, settings)
        }
    }

    @Test func `an alarm blocks the publisher, and submitted messages are confirmed after it`()
        async throws
    {
        try await withDisturbedNode { broker, settings in
            var settings = settings
            settings.confirmTimeout = .seconds(2)
            let publisher = BrokerPublisher(settings)
            let running = Task { try await publisher.run() }
            try await publisher.awaitReady()
            try await BrokerAdmin(settings).declare(ConsumerTopology(queue: "q", patterns: ["#"]))
            try await broker.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.000001)")
            // The broker sends connection.blocked only once a message is published.
            let receipt = publisher.submit((0..<50).map { .test($0) })
            try await eventually(within: .seconds(60), "the status is blocked") {
                if case .blocked = publisher.status { true } else { false }
            }
            let later = publisher.submit([.test(50)])
            let ready = Task { try await publisher.awaitReady() }
            // Longer than the confirm timeout, which does not run under an alarm.
            let since = ContinuousClock.now
            try await eventually(within: .seconds(60), "three seconds passed") {
                ContinuousClock.now - since > .seconds(3)
            }
            #expect(!publisher.status.isReady)
            try await broker.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.4)")
            #expect(await receipt.outcomes() == Array(repeating: .confirmed, count: 50))
            #expect(await later.outcomes() == [.confirmed])
            try await ready.value
            #expect(publisher.status == .connected)
            running.cancel()
            try await running.value
        }
    }

    @Test func `every message has an outcome if the broker is killed, and the publisher reconnects`()
        async throws
    {
        try await withDisturbedNode { broker, settings in
            let publisher = BrokerPublisher(settings)
            let running = Task { try await publisher.run() }
            try await publisher.awaitReady()
            let topology = try ConsumerTopology(queue: "q", patterns: ["#"])
            try await BrokerAdmin(settings).declare(topology)
            let receipts = (0..<20).map { batch in
                publisher.submit((0..<500).map { .test(batch * 500 + $0) })
            }
            #expect(await receipts[0].outcomes() == Array(repeating: .confirmed, count: 500))
            try await broker.kill()
            var confirmed = 0
            for receipt in receipts {
                let outcomes = await receipt.outcomes()
                #expect(outcomes.count == 500)
                #expect(outcomes.allSatisfy { ["confirmed", "unknown"].contains($0.word) })
                confirmed += outcomes.count { $0 == .confirmed }
            }
            try await broker.restart()
            try await publisher.awaitReady()
            #expect(await publisher.publish([.test()]) == [.confirmed])
            let stored = try await BrokerAdmin(settings).depth(of: "q")
            #expect(stored >= confirmed + 1)
            running.cancel()
            try await running.value
        }
    }

    @Test func `closes the connection to a silent peer after two heartbeats`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.heartbeat = .seconds(1)
            try await world.withPublisher(settings) { publisher in
                world.proxy.setSilent(true)
                try await eventually(within: .seconds(60), "the silence was noticed") {
                    !publisher.status.isReady
                }
                guard case .connecting(let error?) = publisher.status else { return }
                #expect(["connection_lost", "unreachable"].contains("\(error.code)"))
                world.proxy.setSilent(false)
                world.proxy.cut()
                try await publisher.awaitReady()
            }
        }
    }

    @Test func `a missing confirm makes the messages unknown and reconnects`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.confirmTimeout = .milliseconds(500)
            try await world.withPublisher(settings) { publisher in
                world.proxy.setSilent(true)
                let outcomes = await publisher.publish([.test()])
                #expect(outcomes.map(\.word) == ["unknown"])
                world.proxy.setSilent(false)
                world.proxy.cut()
                try await publisher.awaitReady()
            }
        }
    }
}
