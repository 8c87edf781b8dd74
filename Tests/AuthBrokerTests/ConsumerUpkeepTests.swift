// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import CRabbitMQ
import Foundation
import Testing

@testable import AuthBroker

/// How a running worker maintains its own objects at the broker.
@Suite(.needsBroker) struct ConsumerUpkeepTests {
    private func bindings(_ world: BrokerWorld) async throws -> Set<String> {
        let listed = try await world.broker.ctl(
            "list_bindings", "source_name", "routing_key", "destination_name")
        return Set(
            listed.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
                .filter { $0.count == 3 && $0[0] == world.direct.exchange && $0[2] == world.topology.queue }
                .map { $0[1] })
    }

    private func consume(
        _ world: BrokerWorld, _ patterns: [SignalPattern], keepsBindings: Bool = false,
        _ body: (BrokerSource) async throws -> Void = { _ in }
    ) async throws {
        let topology = try ConsumerTopology(queue: world.topology.queue, patterns: patterns)
        let source = BrokerSource(topology, world.direct, keepsBindings: keepsBindings)
        let running = Task { try await source.run() }
        do {
            try await source.awaitConnected()
            try await body(source)
        } catch {
            running.cancel()
            try await running.value
            throw error
        }
        running.cancel()
        try await running.value
    }

    @Test func `unbinds a removed pattern and keeps manual bindings`() async throws {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await consume(world, ["account.#", "mfa.#", "*.user_logged_in"])
            let (queue, exchange) = (world.topology.queue, world.direct.exchange)
            try await world.perform { channel throws(BrokerError) in
                try channel.bind(queue, to: exchange, key: "by.hand")
            }
            #expect(try await bindings(world) == ["account.#", "mfa.#", "*.user_logged_in", "by.hand"])
            try await consume(world, ["account.#"])
            #expect(try await bindings(world) == ["account.#", "by.hand"])
            // A starting worker also removes bindings that the operator's tool declared and its own patterns lack.
            let declared = try ConsumerTopology(queue: queue, patterns: ["billing.#"])
            try await world.admin.declare(declared)
            #expect(try await bindings(world) == ["account.#", "billing.#", "by.hand"])
            try await consume(world, ["account.#", "mfa.#"])
            #expect(try await bindings(world) == ["account.#", "mfa.#", "by.hand"])
        }
    }

    @Test
    func `kept bindings stay, and a later worker without that setting removes them`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await consume(world, ["account.#", "mfa.#"])
            for _ in 0..<2 { try await consume(world, ["account.#"], keepsBindings: true) }
            #expect(try await bindings(world) == ["account.#", "mfa.#"])
            try await consume(world, ["account.#"])
            #expect(try await bindings(world) == ["account.#"])
        }
    }

    @Test
    func `two workers of one queue with different patterns share what both bind, if they keep bindings`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await consume(world, ["account.#"], keepsBindings: true) { _ in
                try await consume(world, ["mfa.#"], keepsBindings: true) { _ in
                    let both = try await bindings(world)
                    #expect(both == ["account.#", "mfa.#"])
                }
            }
            // Without that setting the last one to connect decides.
            try await consume(world, ["account.#"]) { _ in
                try await consume(world, ["mfa.#"]) { _ in
                    let last = try await bindings(world)
                    #expect(last == ["mfa.#"])
                }
            }
        }
    }

    @Test func `a running worker redeclares deleted objects without a restart`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.upkeepInterval = .milliseconds(200)
            try await world.withSource(settings) { source in
                let topology = world.topology
                let (exchange, signals) = (topology.exchange, world.direct.exchange)
                let others = topology.queues.map(\.name).filter { $0 != topology.queue }
                try await world.perform { channel throws(BrokerError) in
                    try channel.deleteExchange(exchange)
                    for queue in others { try channel.deleteQueue(queue) }
                    try channel.unbind(topology.queue, from: signals, key: "#")
                }
                try await eventually(within: .seconds(60), "everything is redeclared") {
                    let listed = try await world.broker.ctl("list_queues", "name").split(separator: "\n")
                    guard others.allSatisfy({ name in listed.contains { $0 == name } }) else { return false }
                    return try await bindings(world) == ["#"]
                }
                // A retry copy returns to the queue, and a copy can be dead-lettered.
                try await world.withPublisher(world.direct) { publisher in
                    #expect(await publisher.publish([.test(1)]) == [.confirmed])
                }
                var deliveries = DeliveryIterator(source)
                let delivery = try #require(await deliveries.next())
                try await source.republish(
                    delivery, as: [RepublishedCopy(to: .retry(.oneSecond), message: delivery.message)])
                let again = try #require(await deliveries.next())
                try await source.republish(again, as: [RepublishedCopy(to: .dead, message: again.message)])
                #expect(try await world.admin.depth(of: topology.name(of: .dead)) == 1)
            }
        }
    }

    @Test func `a new connection starts with a small prefetch that grows with acknowledgements`() async throws
    {
        try await BrokerWorld.with { world in
            var settings = world.settings
            (settings.firstPrefetch, settings.prefetch) = (1, 16)
            let count = 100
            try await world.withSource(settings) { source in
                try await world.withPublisher(world.direct) { publisher in
                    let batch = (0..<count).map { SignalMessage.test($0) }
                    #expect(await publisher.publish(batch).allSatisfy { $0 == .confirmed })
                    var deliveries = DeliveryIterator(source)
                    let first = try #require(await deliveries.next())
                    #expect(try await world.admin.depth(of: world.topology.queue) == count - 1)
                    source.acknowledge(first)
                    var seen = [first.message.messageID]
                    while seen.count < 20 {
                        let delivery = try #require(await deliveries.next())
                        seen.append(delivery.message.messageID)
                        source.acknowledge(delivery)
                    }
                    // Without further acknowledgements, the unsettled deliveries reach the limit.
                    try await eventually(within: .seconds(60), "the prefetch has grown") {
                        try await world.admin.messageCount(in: world.topology.queue) <= count - 20 - 8
                    }
                    while seen.count < count {
                        let delivery = try #require(await deliveries.next())
                        seen.append(delivery.message.messageID)
                        source.acknowledge(delivery)
                    }
                    #expect(seen == batch.map(\.messageID))
                }
            }
            #expect(try await world.admin.messageCount(in: world.topology.queue) == 0)
        }
    }

    @Test func `stops while the prefetch is growing`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            (settings.firstPrefetch, settings.prefetch) = (1, 16)
            try await world.withSource(settings) { source in
                try await world.withPublisher(world.direct) { publisher in
                    let batch = (0..<20).map { SignalMessage.test($0) }
                    #expect(await publisher.publish(batch).allSatisfy { $0 == .confirmed })
                }
                var deliveries = DeliveryIterator(source)
                let first = try #require(await deliveries.next())
                source.acknowledge(first)
                await source.stopTaking()
                var rest = 0
                while let delivery = await deliveries.next() {
                    rest += 1
                    source.acknowledge(delivery)
                }
                #expect(rest < 20)
            }
        }
    }
}
