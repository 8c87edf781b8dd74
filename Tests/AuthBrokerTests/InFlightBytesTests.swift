// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Testing

@testable import AuthBroker

/// The unsettled deliveries of a worker never hold more bytes than its budget, and none of them is lost.
@Suite(.needsBroker) struct InFlightBytesTests {
    private typealias Name = SignalMessage.HeaderName

    private func publish(_ messages: [SignalMessage], _ world: BrokerWorld) async throws {
        try await world.admin.declareExchange()
        try await world.admin.declare(world.topology)
        try await world.withPublisher(world.direct) { publisher in
            #expect(await publisher.publish(messages).allSatisfy { $0 == .confirmed })
        }
    }

    /// Settings with which the broker sends 30 messages at once.
    private func settings(_ world: BrokerWorld, bytes: Int) -> BrokerSettings {
        var settings = world.settings
        (settings.firstPrefetch, settings.prefetch) = (30, 30)
        settings.inFlightBytes = bytes
        return settings
    }

    /// Thirty messages, of which ten fit into a budget of 1 MiB.
    private func thirty() -> [SignalMessage] {
        (0..<30).map { _ in SignalMessage.keyed("a.b", Data(count: 100_000)) }
    }

    @Test func `a queue of bodies that are too large costs the budget, and each is dead-lettered once`()
        async throws
    {
        try await BrokerWorld.with { world in
            let limit = 4 << 20
            let large = (0..<40).map { _ in SignalMessage.keyed("a.b", Data(count: (1 << 20) + 1)) }
            let small = (0..<10).map { SignalMessage.test($0) }
            try await publish(large + small, world)
            try await world.withSource(settings(world, bytes: limit)) { source in
                var deliveries = DeliveryIterator(source)
                var seen: [String] = []
                while seen.count < large.count + small.count {
                    let delivery = try #require(await deliveries.next())
                    seen.append(delivery.message.messageID)
                    #expect(delivery.deliveryCount <= 2, "far from the delivery limit")
                    guard delivery.message.body.count > Delivery.largestBody else {
                        source.acknowledge(delivery)
                        continue
                    }
                    var message = delivery.message
                    message.headers[Name.reason] = .string("too-large")
                    try await source.republish(delivery, as: [RepublishedCopy(to: .dead, message: message)])
                }
                #expect(seen == (large + small).map(\.messageID))
                #expect(source.mostBytesInFlight <= limit)
                #expect(source.mostBytesInFlight > Delivery.largestBody)
                #expect(source.moveFault == nil)
            }
            #expect(try await world.admin.messageCount(in: world.topology.queue) == 0)
            let letters = try await world.take(from: world.topology.name(of: .dead))
            #expect(letters.map(\.messageID) == large.map(\.messageID))
            #expect(letters.allSatisfy { $0.headers[Name.reason] == .string("too-large") })
            #expect(letters.allSatisfy { $0.body.count == (1 << 20) + 1 })
        }
    }

    @Test func `deliveries that do not fit return to the queue, wait for room, and keep their order`()
        async throws
    {
        try await BrokerWorld.with { world in
            let batch = thirty()
            try await publish(batch, world)
            try await world.withSource(settings(world, bytes: 1 << 20)) { source in
                try await eventually(within: .seconds(60), "twenty returned to the queue") {
                    try await world.admin.messageCount(in: world.topology.queue) == 20
                }
                var deliveries = DeliveryIterator(source)
                var seen: [String] = []
                while seen.count < batch.count {
                    let delivery = try #require(await deliveries.next())
                    #expect(delivery.deliveryCount <= 1)
                    seen.append(delivery.message.messageID)
                    source.acknowledge(delivery)
                }
                #expect(seen == batch.map(\.messageID))
                #expect(source.mostBytesInFlight == 1_000_000)
            }
            #expect(try await world.admin.messageCount(in: world.topology.queue) == 0)
        }
    }

    @Test func `the prefetch grows again when the bodies are small`() async throws {
        try await BrokerWorld.with { world in
            let batch = thirty()
            try await publish(batch, world)
            try await world.withSource(settings(world, bytes: 1 << 20)) { source in
                try await eventually(within: .seconds(60), "twenty returned to the queue") {
                    try await world.admin.messageCount(in: world.topology.queue) == 20
                }
                var deliveries = DeliveryIterator(source)
                for _ in batch { source.acknowledge(try #require(await deliveries.next())) }
                let small = (0..<200).map { SignalMessage.test($0) }
                try await publish(small, world)
                for _ in 0..<120 { source.acknowledge(try #require(await deliveries.next())) }
                // Without further acknowledgements, the unsettled deliveries reach the prefetch, which was 5.
                try await eventually(within: .seconds(60), "the prefetch has grown") {
                    try await world.admin.messageCount(in: world.topology.queue) <= 80 - 16
                }
            }
        }
    }

    @Test func `stops while deliveries wait for room`() async throws {
        try await BrokerWorld.with { world in
            try await publish(thirty(), world)
            try await world.withSource(settings(world, bytes: 1 << 20)) { source in
                try await eventually(within: .seconds(60), "twenty returned to the queue") {
                    try await world.admin.messageCount(in: world.topology.queue) == 20
                }
                await source.stopTaking()
                var deliveries = DeliveryIterator(source)
                var count = 0
                while let delivery = await deliveries.next() {
                    count += 1
                    source.acknowledge(delivery)
                }
                #expect(count == 10)
            }
            #expect(try await world.admin.depth(of: world.topology.queue) == 20)
        }
    }

    @Test func `small messages do not reduce the prefetch`() async throws {
        try await BrokerWorld.with { world in
            let batch = (0..<60).map { SignalMessage.test($0) }
            try await publish(batch, world)
            try await world.withSource(settings(world, bytes: 1 << 20)) { source in
                try await eventually(within: .seconds(60), "the prefetch is full") {
                    try await world.admin.messageCount(in: world.topology.queue) == 30
                }
                var deliveries = DeliveryIterator(source)
                var seen: [String] = []
                while seen.count < batch.count {
                    let delivery = try #require(await deliveries.next())
                    #expect(delivery.deliveryCount == 0)
                    seen.append(delivery.message.messageID)
                    source.acknowledge(delivery)
                }
                #expect(seen == batch.map(\.messageID))
            }
        }
    }

    @Test func `the broker dead-letters a body that does not fit beside others of a single active consumer`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            let topology = try ConsumerTopology(
                queue: "\(world.topology.queue)-strict", patterns: ["#"], singleActive: true)
            var settings = world.settings
            // The prefetch is 5, and bodies that are too large may use 3 MiB.
            (settings.inFlightBytes, settings.largestBody) = (8 << 20, 3 << 20)
            let source = BrokerSource(topology, settings)
            let running = Task { try await source.run() }
            try await eventually(within: .seconds(60), "the source was connected") { source.status.isReady }
            let large = (0..<3).map { _ in SignalMessage.keyed("a.b", Data(count: 2 << 20)) }
            let small = (0..<2).map { SignalMessage.test($0) }
            try await world.withPublisher(world.direct) { publisher in
                #expect(await publisher.publish(large + small).allSatisfy { $0 == .confirmed })
            }
            var deliveries = DeliveryIterator(source)
            var held: [Delivery] = []
            while held.count < 3 { held.append(try #require(await deliveries.next())) }
            #expect(held.map(\.message.messageID) == [large[0], small[0], small[1]].map(\.messageID))
            let dead = topology.name(of: .dead)
            try await eventually(within: .seconds(60), "the others were dead-lettered") {
                try await world.admin.messageCount(in: dead) == 2
            }
            #expect(source.mostBytesInFlight <= 8 << 20)
            for delivery in held { source.acknowledge(delivery) }
            running.cancel()
            try await running.value
            let letters = try await world.take(from: dead)
            #expect(Set(letters.map(\.messageID)) == Set(large.dropFirst().map(\.messageID)))
            #expect(letters.allSatisfy { $0.headers[Name.reason] == nil })
            try await world.admin.delete(topology)
        }
    }
}
