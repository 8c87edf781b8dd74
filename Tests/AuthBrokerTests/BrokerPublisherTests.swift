// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Testing

@testable import AuthBroker

@Suite(.needsBroker) struct BrokerPublisherTests {
    @Test(arguments: PublisherConformance.sentences)
    func `keeps the contract`(_ sentence: PublisherConformance.Sentence) async throws {
        try await BrokerWorld.with { world in
            try await world.withPublisher { publisher in
                try await sentence.check {
                    PublisherConformance.Subject(
                        publisher,
                        bind: { pattern in
                            let queue = "\(world.topology.queue).retry.1h"
                            let exchange = world.direct.exchange
                            try await world.perform { channel throws(BrokerError) in
                                try channel.declareQueue(queue, world.topology.queues[5].arguments)
                                try channel.bind(queue, to: exchange, key: pattern.rawValue)
                            }
                            return queue
                        },
                        messages: { try await world.take(from: $0) },
                        setDown: { world.proxy.setDown($0) })
                }
            }
        }
    }

    @Test func `messages are persistent and the exchange is a durable topic exchange`() async throws {
        try await BrokerWorld.with { world in
            try await world.withPublisher { publisher in
                try await world.admin.declare(world.topology)
                #expect(await publisher.publish([.test()]) == [.confirmed])
                let exchanges = try await world.broker.ctl("list_exchanges", "name", "type", "durable")
                #expect(exchanges.contains("\(world.direct.exchange)\ttopic\ttrue"))
                let queue = world.topology.queue
                let modes = try await world.perform { channel throws(BrokerError) in
                    try channel.takeModes(1, from: queue)
                }
                #expect(modes == [2])
            }
        }
    }

    @Test func `reports nacked if the broker refuses a message for a full queue`() async throws {
        try await BrokerWorld.with { world in
            try await world.withPublisher { publisher in
                try await world.bindQueueForOne()
                var outcomes: [PublishOutcome] = []
                for number in 1...5 { outcomes += await publisher.publish([.test(number)]) }
                #expect(outcomes.first == .confirmed)
                #expect(outcomes.last == .nacked)
            }
        }
    }

    /// A channel of RabbitMQ 3.10 may nack every message while it is open, even after the queue has recovered.
    @Test func `reconnects if the broker keeps refusing every message`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.settings
            settings.confirmTimeout = .milliseconds(300)
            try await world.withPublisher(settings) { publisher in
                try await world.bindQueueForOne()
                var outcomes: [PublishOutcome] = []
                try await eventually(within: .seconds(60), "the connection was closed") {
                    outcomes += await publisher.publish([.test(outcomes.count)])
                    guard case .unknown(let reason)? = outcomes.last else { return false }
                    return reason.contains("nacked everything")
                }
                #expect(outcomes.contains(.nacked))
                try await publisher.awaitReady()
            }
        }
    }

    @Test func `a batch larger than the window is published in parts, each message with its own outcome`()
        async throws
    {
        try await BrokerWorld.with(patterns: ["testing.*"]) { world in
            var settings = world.settings
            settings.window = 16
            try await world.withPublisher(settings) { publisher in
                try await world.admin.declare(world.topology)
                let names: [SignalName] = ["testing.happened", "elsewhere.happened"]
                let batch = (0..<2000).map { SignalMessage.test($0, name: names[$0 % 2]) }
                let outcomes = await publisher.publish(batch)
                #expect(outcomes.count == batch.count)
                for (index, outcome) in outcomes.enumerated() {
                    let expected: PublishOutcome =
                        index % 2 == 0 ? .confirmed : .returned(code: 312, text: "NO_ROUTE")
                    #expect(outcome == expected)
                }
                #expect(try await world.admin.depth(of: world.topology.queue) == 1000)
            }
        }
    }

    /// Small messages are written many at a time, large ones each on its own.
    @Test func `messages of all sizes arrive complete and in order`() async throws {
        try await BrokerWorld.with(patterns: ["testing.*"]) { world in
            try await world.withPublisher { publisher in
                try await world.admin.declare(world.topology)
                let sizes = [500, 0, 16_000, 1, 17_000, 200_000, 300]
                let batch = (0..<200).map { number in
                    var message = SignalMessage.test(number, name: "testing.happened")
                    message.body = Data(repeating: UInt8(number), count: sizes[number % sizes.count])
                    return message
                }
                let outcomes = await publisher.publish(batch)
                #expect(outcomes.count { $0 == .confirmed } == batch.count)
                let taken = try await world.take(from: world.topology.queue)
                #expect(taken.map(\.messageID) == batch.map(\.messageID))
                #expect(taken.map(\.body) == batch.map(\.body))
            }
        }
    }

    @Test func `reconnects after an operator closes the connection`() async throws {
        try await BrokerWorld.with { world in
            try await world.withPublisher { publisher in
                try await world.admin.declare(world.topology)
                let table = try await world.broker.ctl("list_connections", "pid", "client_properties")
                let line = try #require(
                    table.split(separator: "\n").first {
                        $0.contains("\(world.settings.connectionName) publisher")
                    })
                let pid = String(line.prefix { $0 != "\t" })
                try await world.broker.ctl("close_connection", pid, "the test closes it")
                try await eventually(within: .seconds(60), "the publisher noticed") {
                    await publisher.publish([.test()]) != [.confirmed]
                }
                try await publisher.awaitReady()
                #expect(await publisher.publish([.test()]) == [.confirmed])
            }
        }
    }

    @Test func `messages submitted before a stop are confirmed before the publisher stops`() async throws {
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await world.admin.declare(world.topology)
            let publisher = BrokerPublisher(world.settings)
            let running = Task { try await publisher.run() }
            try await publisher.awaitReady()
            let receipt = publisher.submit((0..<500).map { .test($0) })
            running.cancel()
            try await running.value
            #expect(await receipt.outcomes() == Array(repeating: .confirmed, count: 500))
            #expect(await publisher.publish([.test()]).allSatisfy { $0 != .confirmed })
            await #expect(throws: CancellationError.self) { try await publisher.awaitReady() }
        }
    }

    @Test(.timeLimit(.minutes(2))) func `a publisher that never reached a broker stops at once`() async throws
    {
        var settings = BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: 1)])
        settings.firstPause = .seconds(3600)
        settings.longestPause = .seconds(3600)
        let publisher = BrokerPublisher(settings)
        let running = Task { try await publisher.run() }
        try await eventually(within: .seconds(60), "the status has the error") {
            if case .connecting(let error?) = publisher.status { error.code == .unreachable } else { false }
        }
        running.cancel()
        try await running.value
        #expect(publisher.status == .stopped)
    }

    @Test(.timeLimit(.minutes(2))) func `uses the node that answers`() async throws {
        try await BrokerWorld.with { world in
            var settings = world.direct
            settings.urls = [
                BrokerURL(host: "127.0.0.1", port: 1), BrokerURL(host: "no-such-host.invalid"),
                settings.urls[0],
            ]
            settings.firstPause = .seconds(3600)
            settings.longestPause = .seconds(3600)
            try await world.withPublisher(settings) { publisher in
                #expect(publisher.status == .connected)
            }
        }
    }
}

extension BrokerWorld {
    /// Binds a queue that holds one message and rejects more.
    fileprivate func bindQueueForOne() async throws {
        let (queue, exchange) = (topology.queue, direct.exchange)
        try await perform { channel throws(BrokerError) in
            try channel.declareQueue(
                queue, ["x-max-length": .integer(1), "x-overflow": .string("reject-publish")])
            try channel.bind(queue, to: exchange, key: "#")
        }
    }
}
