// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Testing

@testable import AuthBroker

@Suite(.needsBroker) struct BrokerSourceTests {
    @Test(arguments: SourceConformance.sentences)
    func `keeps the contract`(_ sentence: SourceConformance.Sentence) async throws {
        try await BrokerWorld.with { world in
            try await world.withSource { source in
                try await world.withPublisher(world.direct) { publisher in
                    try await sentence.check {
                        SourceConformance.Subject(
                            source,
                            send: { messages in
                                let outcomes = await publisher.publish(messages)
                                #expect(outcomes.allSatisfy { $0 == .confirmed })
                            },
                            depth: {
                                try await world.admin.depth(of: world.topology.name(of: $0))
                            },
                            take: { try await world.take(from: world.topology.name(of: $0)) },
                            dropConnection: { world.proxy.cut() },
                            // The broker's own clock times the retry queues, so the test cannot advance it.
                            passSecond: {})
                    }
                }
            }
        }
    }

    @Test func `declares the contract's objects at the broker with their arguments`() async throws {
        try await BrokerWorld.with(patterns: ["account.#"]) { world in
            try await world.withSource { _ in
                let listed = try await world.broker.ctl("list_queues", "name", "durable", "arguments")
                for queue in world.topology.queues {
                    let line = listed.split(separator: "\n").first { $0.hasPrefix("\(queue.name)\ttrue\t") }
                    let found = try #require(line, "\(queue.name) is missing")
                    for (name, value) in queue.arguments {
                        #expect(found.contains("\"\(name)\""))
                        if let text = value.string { #expect(found.contains("\"\(text)\"")) }
                        if let number = value.integer { #expect(found.contains("\(number)")) }
                    }
                }
                let bindings = try await world.broker.ctl(
                    "list_bindings", "source_name", "routing_key", "destination_name")
                for binding in world.topology.bindings(to: world.direct.exchange) {
                    #expect(bindings.contains("\(binding.exchange)\t\(binding.key)\t\(binding.queue)"))
                }
            }
        }
    }

    @Test func `waits for a missing signal exchange and names it in the status`() async throws {
        try await BrokerWorld.with { world in
            let source = BrokerSource(world.topology, world.settings)
            let running = Task { try await source.run() }
            try await eventually(within: .seconds(60), "the missing exchange was named") {
                guard case .connecting(let error?) = source.status else { return false }
                return error.code == .notFound && error.message.contains(world.direct.exchange)
            }
            try await world.admin.declareExchange()
            try await eventually(within: .seconds(60), "it was connected") { source.status.isReady }
            running.cancel()
            try await running.value
        }
    }

    @Test func `the error for a queue with other arguments names it and says what to do`() async throws {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            let name = world.topology.queue
            try await world.perform { channel throws(BrokerError) in _ = try channel.declareQueue(name) }
            let error = try await #require(throws: BrokerError.self) {
                try await world.admin.declare(world.topology)
            }
            #expect(error.code == .topologyMismatch)
            #expect(error.replyCode == 406)
            #expect(error.message.contains("queue \(name) exists with different arguments"))
            #expect(error.message.contains("delete it"))
            #expect(error.message.contains("x-"))
        }
    }

    @Test func `redeclares a queue that is deleted during consumption`() async throws {
        try await BrokerWorld.with { world in
            try await world.withSource { source in
                let queue = world.topology.queue
                try await world.perform { channel throws(BrokerError) in try channel.deleteQueue(queue) }
                try await world.withPublisher(world.direct) { publisher in
                    try await eventually(within: .seconds(60), "a message was routed again") {
                        await publisher.publish([.test(7)]) == [.confirmed]
                    }
                }
                var deliveries = DeliveryIterator(source)
                let delivery = try #require(await deliveries.next())
                #expect(delivery.tag.epoch > 1)
                source.acknowledge(delivery)
            }
        }
    }

    @Test func `delivers at most the prefetch, and more after acknowledgements`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.prefetch = 10
            try await world.withSource(settings) { source in
                try await world.withPublisher(world.direct) { publisher in
                    let batch = (0..<300).map { SignalMessage.test($0) }
                    #expect(await publisher.publish(batch).allSatisfy { $0 == .confirmed })
                    let ready = try await world.admin.depth(of: world.topology.queue)
                    #expect(ready == 290)
                    var seen: [String] = []
                    var deliveries = DeliveryIterator(source)
                    while let delivery = await deliveries.next() {
                        seen.append(delivery.message.messageID)
                        source.acknowledge(delivery)
                        if seen.count == batch.count { break }
                    }
                    #expect(seen == batch.map(\.messageID))
                }
            }
            // Everything was acknowledged: stopping sends the remaining acknowledgements.
            let left = try await world.admin.messageCount(in: world.topology.queue)
            #expect(left == 0)
        }
    }

    @Test func `dead-letters a body over the limit and delivers the messages around it`()
        async throws
    {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.largestBody = 1000
            try await world.withSource(settings) { source in
                try await world.withPublisher(world.direct) { publisher in
                    let large = SignalMessage.keyed("a.b", Data(count: 300_000))
                    let outcomes = await publisher.publish([.keyed("a.b"), large, .keyed("a.b")])
                    #expect(outcomes == [.confirmed, .confirmed, .confirmed])
                    var deliveries = DeliveryIterator(source)
                    for _ in 0..<2 {
                        let delivery = try #require(await deliveries.next())
                        #expect(delivery.message.body.count == 2)
                        source.acknowledge(delivery)
                    }
                    let dead = world.topology.name(of: .dead)
                    try await eventually(within: .seconds(60), "it was dead-lettered") {
                        try await world.admin.messageCount(in: dead) == 1
                    }
                    #expect(try await world.take(from: dead).map(\.body) == [large.body])
                }
            }
        }
    }

    @Test func `a republished copy that cannot be stored leaves the delivery unsettled`() async throws {
        try await BrokerWorld.with { world in
            try await world.withSource { source in
                try await world.withPublisher(world.direct) { publisher in
                    #expect(await publisher.publish([.test(1)]) == [.confirmed])
                }
                var deliveries = DeliveryIterator(source)
                let delivery = try #require(await deliveries.next())
                let dead = world.topology.name(of: .dead)
                try await world.perform { channel throws(BrokerError) in try channel.deleteQueue(dead) }
                let error = await #expect(throws: BrokerError.self) {
                    try await source.republish(
                        delivery, as: [RepublishedCopy(to: .dead, message: delivery.message)])
                }
                #expect(error?.code == .notMoved)
                try await source.republish(
                    delivery, as: [RepublishedCopy(to: .main, message: delivery.message)])
                let again = try #require(await deliveries.next())
                #expect(again.message.messageID == delivery.message.messageID)
                source.acknowledge(again)
            }
        }
    }
}
