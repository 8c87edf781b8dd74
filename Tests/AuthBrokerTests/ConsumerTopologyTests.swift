// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@testable import AuthBroker

@Suite struct ConsumerTopologyTests {
    private let topology: ConsumerTopology

    init() throws {
        topology = try ConsumerTopology(queue: "mail", patterns: ["account.#", "*.user_logged_in"])
    }

    @Test func `the queue has the contract's arguments and no length limit`() {
        #expect(topology.queues.first?.name == "mail")
        #expect(
            topology.queues.first?.arguments == [
                "x-queue-type": .string("quorum"),
                "x-delivery-limit": .integer(20),
                "x-dead-letter-exchange": .string("mail.x"),
                "x-dead-letter-routing-key": .string("dead"),
                "x-dead-letter-strategy": .string("at-least-once"),
                "x-overflow": .string("reject-publish"),
            ])
    }

    @Test func `a single active consumer adds one argument`() throws {
        let strict = try ConsumerTopology(queue: "mail", patterns: [], singleActive: true)
        #expect(strict.queues.first?.arguments["x-single-active-consumer"] == .bool(true))
        #expect(topology.queues.first?.arguments["x-single-active-consumer"] == nil)
    }

    @Test(arguments: [
        ("mail.retry.1s", 1000), ("mail.retry.10s", 10_000), ("mail.retry.1m", 60_000),
        ("mail.retry.10m", 600_000), ("mail.retry.1h", 3_600_000),
    ])
    func `a retry rung delays a message and returns it to the queue`(_ name: String, _ delay: Int64)
        throws
    {
        let rung = try #require(topology.queues.first { $0.name == name })
        #expect(
            rung.arguments == [
                "x-queue-type": .string("quorum"),
                "x-message-ttl": .integer(delay),
                "x-dead-letter-exchange": .string("mail.x"),
                "x-dead-letter-routing-key": .string("main"),
                "x-dead-letter-strategy": .string("at-least-once"),
                "x-overflow": .string("reject-publish"),
            ])
    }

    @Test func `the dead-letter queue has no effective delivery limit`() {
        #expect(topology.queues.count == 7)
        #expect(topology.queues.last?.name == "mail.dead")
        #expect(
            topology.queues.last?.arguments == [
                "x-queue-type": .string("quorum"), "x-delivery-limit": .integer(2_147_483_647),
            ])
    }

    @Test func `the consumer's exchange routes to each of its queues, the signal exchange to the main queue`()
    {
        let bindings = topology.bindings(to: "auth.signals").map { "\($0.exchange)/\($0.key) \($0.queue)" }
        #expect(
            bindings == [
                "mail.x/main mail", "mail.x/1s mail.retry.1s", "mail.x/10s mail.retry.10s",
                "mail.x/1m mail.retry.1m", "mail.x/10m mail.retry.10m", "mail.x/1h mail.retry.1h",
                "mail.x/dead mail.dead", "auth.signals/account.# mail", "auth.signals/*.user_logged_in mail",
            ])
    }

    @Test(arguments: ["", "amq.mine", "a\0b", String(repeating: "n", count: 201)])
    func `rejects a queue name that the broker would not accept`(_ name: String) {
        #expect(throws: BrokerError.self) { try ConsumerTopology(queue: name, patterns: []) }
    }

    @Test func `a republished copy has only the contract's headers`() {
        let message = SignalMessage(
            routingKey: "account.user_logged_in", messageID: "1",
            headers: [
                "subject": .string("s"), "traceparent": .string("t"), "tracestate": .string("u"),
                "auth-attempt": .integer(3), "x-death": .string("d"), "x-delivery-count": .integer(1),
                "CC": .string("c"), "BCC": .string("b"), "other": .bool(true),
            ], body: Data())
        let copy = message.moved(to: "dead")
        #expect(copy.routingKey == "dead")
        #expect(Set(copy.headers.keys) == ["subject", "traceparent", "tracestate", "auth-attempt"])
    }
}
