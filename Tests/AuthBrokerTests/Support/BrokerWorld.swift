// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Testing

@testable import AuthBroker

extension Trait where Self == ConditionTrait {
    /// The test needs a real broker.
    static var needsBroker: Self {
        .enabled(if: PrivateBroker.isAvailable, Comment(rawValue: PrivateBroker.absence))
    }
}

/// One test's part of the shared broker: its own exchange and consumer queues, reached through its own proxy, whose
/// connections the test can cut.
struct BrokerWorld: Sendable {
    let broker: PrivateBroker
    let proxy: LoopbackProxy
    /// Through the proxy.
    let settings: BrokerSettings
    /// Not through the proxy.
    let direct: BrokerSettings
    let topology: ConsumerTopology

    var admin: BrokerAdmin { BrokerAdmin(direct) }

    /// Runs a body with a new world, and deletes its exchange and queues afterwards.
    ///
    /// - Parameters:
    ///   - node: the broker; by default the one that all tests share.
    ///   - patterns: the binding patterns of the consumer's queue.
    static func with(
        on node: PrivateBroker? = nil, patterns: [SignalPattern] = ["#"],
        _ body: @Sendable (BrokerWorld) async throws -> Void
    ) async throws {
        let shared = node == nil ? try await PrivateBroker.shared : nil
        guard let broker = node ?? shared else { return }
        let world = try BrokerWorld(broker, patterns)
        do {
            try await body(world)
            try await world.remove()
        } catch {
            try? await world.remove()
            throw error
        }
    }

    private init(_ broker: PrivateBroker, _ patterns: [SignalPattern]) throws {
        let name = "t\(UInt64.random(in: 0...UInt64.max))"
        self.broker = broker
        proxy = try LoopbackProxy(to: broker.port)
        var direct = BrokerSettings(urls: [try BrokerURL(broker.url)])
        direct.exchange = "\(name).signals"
        direct.connectionName = name
        direct.firstPause = .milliseconds(20)
        direct.longestPause = .milliseconds(200)
        // Most tests read several deliveries before they settle any.
        direct.firstPrefetch = 32
        self.direct = direct
        var settings = direct
        settings.urls = [BrokerURL(host: "127.0.0.1", port: Int(proxy.port))]
        self.settings = settings
        topology = try ConsumerTopology(queue: name, patterns: patterns)
    }

    private func remove() async throws {
        proxy.close()
        try await admin.delete(topology)
        let exchange = direct.exchange
        try await perform { channel throws(BrokerError) in try channel.deleteExchange(exchange) }
    }

    /// Runs a body with a running publisher, and stops it afterwards.
    func withPublisher(
        _ settings: BrokerSettings? = nil, _ body: (BrokerPublisher) async throws -> Void
    ) async throws {
        let publisher = BrokerPublisher(settings ?? self.settings)
        let running = Task { try await publisher.run() }
        do {
            try await publisher.awaitReady()
            try await body(publisher)
        } catch {
            running.cancel()
            try await running.value
            throw error
        }
        running.cancel()
        try await running.value
        #expect(publisher.status == .stopped)
    }

    /// Declares the exchange, runs a body with a running source, and stops it afterwards.
    func withSource(
        _ settings: BrokerSettings? = nil, _ body: (BrokerSource) async throws -> Void
    ) async throws {
        try await admin.declareExchange()
        let source = BrokerSource(topology, settings ?? self.settings)
        let running = Task { try await source.run() }
        do {
            try await eventually(within: .seconds(60), "the source was connected") { source.status.isReady }
            try await body(source)
        } catch {
            running.cancel()
            try await running.value
            throw error
        }
        running.cancel()
        try await running.value
        #expect(source.status == .stopped)
    }

    /// Runs a body with an open channel on a separate connection, not through the proxy.
    func perform<Answer: Sendable>(
        _ body: @escaping @Sendable (Channel) throws(BrokerError) -> Answer
    ) async throws(BrokerError) -> Answer {
        try await admin.perform(body)
    }

    /// Takes all messages from a queue.
    func take(from queue: String) async throws -> [SignalMessage] {
        let count = try await admin.depth(of: queue)
        return try await perform { channel throws(BrokerError) in try channel.take(count, from: queue) }
    }
}

extension BrokerAdmin {
    /// The number of ready messages in a queue that should have some.
    ///
    /// A passive declaration is answered with 0 if the queue's leader does not reply to the broker within 0.25 s, as
    /// on a busy machine, so a count of 0 is asked for again, a few times.
    func depth(of queue: String) async throws -> Int {
        for _ in 0..<4 {
            let count = try await messageCount(in: queue)
            if count != 0 { return count }
        }
        return try await messageCount(in: queue)
    }
}

extension SignalMessage {
    /// A message with a routing key that is not a signal.
    static func keyed(_ routingKey: String, _ body: Data = Data("{}".utf8)) -> SignalMessage {
        SignalMessage(routingKey: routingKey, messageID: UUID().uuidString, body: body)
    }
}
