// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import Foundation
import Testing

@Suite struct TopologyReviewTests {
    private static let signals: [SignalName] = ["account.user_logged_in", "account.user_logged_out"]

    /// What a broker holds that is as the contract wants it, with one consumer.
    private func whole() throws -> BrokerInventory {
        let mail = try ConsumerTopology(queue: "mail", patterns: ["account.#"])
        return BrokerInventory(
            exchanges: [
                .init(name: "", type: "direct"), .init(name: "auth.signals", type: "topic"),
                .init(name: "mail.x", type: "direct"),
            ],
            queues: mail.queues.map { queue in
                .init(name: queue.name, arguments: queue.arguments.mapValues(\.json))
            },
            bindings: mail.bindings(to: "auth.signals").map {
                .init(source: $0.exchange, destination: $0.queue, routingKey: $0.key)
            },
            permissions: [
                .init(
                    user: "publisher", configure: #"^auth\.signals$"#, write: #"^auth\.signals$"#, read: "^$"),
                .init(
                    user: "worker", configure: #"^mail(\..*)?$"#, write: #"^mail(\..*)?$"#,
                    read: #"^(mail(\..*)?|auth\.signals)$"#),
            ])
    }

    private func findings(
        required: Set<SignalName> = [], _ change: (inout BrokerInventory) -> Void
    ) throws -> [TopologyFinding] {
        var inventory = try whole()
        change(&inventory)
        return TopologyReview(
            inventory, exchange: "auth.signals", virtualHost: "/", publisher: "publisher", consumers: [],
            signals: Self.signals, required: required
        ).findings
    }

    @Test func `nothing is said of what is as the contract wants it`() throws {
        #expect(try findings { _ in } == [])
    }

    @Test func `an exchange that is missing or of another type is a fault`() throws {
        let missing = try findings { $0.exchanges.removeAll { $0.name == "auth.signals" } }
        #expect(missing.map(\.object) == ["exchange auth.signals"])
        let other = try findings { $0.exchanges[1].type = "fanout" }
        #expect(other.map(\.what) == ["is of type fanout, not a durable topic"])
    }

    @Test func `another argument, a missing one and one too many are each a fault`() throws {
        let found = try findings { inventory in
            inventory.queues[0].arguments["x-delivery-limit"] = .integer(3)
            inventory.queues[1].arguments["x-message-ttl"] = nil
            inventory.queues[6].arguments["x-max-length"] = .integer(10)
        }
        #expect(
            found.map { "\($0.object) \($0.what)" } == [
                "queue mail has x-delivery-limit 3, not 20",
                "queue mail.retry.1s has x-message-ttl not set, not 1000",
                "queue mail.dead has x-max-length 10, not unset",
            ])
        #expect(found.allSatisfy { !$0.fix.isEmpty && !$0.fix.contains("\n") })
    }

    @Test func `a missing rung and a missing binding are each a fault`() throws {
        let found = try findings { inventory in
            inventory.queues.removeAll { $0.name == "mail.retry.1h" }
            inventory.bindings.removeAll { $0.routingKey == "dead" }
        }
        #expect(
            found.map { "\($0.object) \($0.what)" } == [
                "queue mail.retry.1h does not exist", "queue mail.dead is not bound to mail.x with dead",
            ])
    }

    @Test func `a binding that matches no signal, and a signal that reaches no queue, are notes`() throws {
        let found = try findings { inventory in
            for index in inventory.bindings.indices where inventory.bindings[index].routingKey == "account.#"
            {
                inventory.bindings[index].routingKey = "account.user_logged_in"
            }
            inventory.bindings.append(
                .init(source: "auth.signals", destination: "mail", routingKey: "acount.#"))
        }
        #expect(found.map(\.level) == [.note, .note])
        #expect(found.first?.what == "is bound with acount.#, which matches no signal of the catalogue")
        #expect(found.last?.what == "signals reach no queue: account.user_logged_out")
    }

    @Test func `a required signal that reaches no queue is a fault`() throws {
        let found = try findings(required: ["account.user_logged_out"]) { inventory in
            inventory.bindings.removeAll { $0.source == "auth.signals" }
        }
        #expect(found.contains { $0.level == .fault && $0.what.contains("account.user_logged_out") })
    }

    @Test func `a limit of length that refuses is a fault, by argument or by policy`() throws {
        let found = try findings { $0.queues[0].policy = ["max-length": .integer(100)] }
        #expect(found.count == 1)
        #expect(found.first?.what.contains("max-length 100 with reject-publish") == true)
        #expect(found.first?.fix.contains("policy") == true)
        let foreign = try findings { inventory in
            inventory.queues.append(
                .init(
                    name: "foreign",
                    arguments: ["x-max-length-bytes": .integer(5), "x-overflow": .string("reject-publish")]))
            inventory.bindings.append(
                .init(source: "auth.signals", destination: "foreign", routingKey: "account.#"))
        }
        #expect(foreign.map(\.object) == ["queue foreign"])
        let dropping = try findings { inventory in
            inventory.queues.append(.init(name: "foreign", arguments: ["x-max-length": .integer(5)]))
            inventory.bindings.append(
                .init(source: "auth.signals", destination: "foreign", routingKey: "account.#"))
        }
        #expect(dropping == [])
    }

    @Test func `permissions wider than the contract's are faults`() throws {
        let wide = try findings { $0.permissions?[0].configure = ".*" }
        #expect(wide.map(\.object) == ["user publisher"])
        #expect(wide.first?.fix.contains(#"'^auth\.signals$' '^auth\.signals$' '^$'"#) == true)
        let speaks = try findings { $0.permissions?[1].write = "^(mail|auth)" }
        #expect(speaks.first?.what.contains("speak for your accounts") == true)
        let everything = try findings { $0.permissions?[1].write = ".*" }
        #expect(everything.count == 2)
        let hidden = try findings { $0.permissions = nil }
        #expect(hidden.map(\.level) == [.note])
    }

    @Test func `an answer of the management API is read, empty lists among it`() throws {
        let queue = try JSONDecoder().decode(
            BrokerInventory.Queue.self,
            from: Data(
                #"{"name":"q","arguments":{"x-overflow":"reject-publish"},"effective_policy_definition":[]}"#
                    .utf8))
        #expect(queue.arguments == ["x-overflow": .string("reject-publish")])
        #expect(queue.policy.isEmpty)
    }
}

extension SignalMessage.HeaderValue {
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .integer(let number): .integer(number)
        case .bool(let flag): .bool(flag)
        }
    }
}
