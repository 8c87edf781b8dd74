// SPDX-License-Identifier: Apache-2.0
import AuthBroker
@testable import AuthBrokerTools
import AuthSignals
import Foundation
import Testing
import ToolSupport

@Suite struct TopologyReviewTests {
    private static let signals: [SignalName] = ["account.user_logged_in", "account.user_logged_out"]

    /// An inventory that matches the contract, with one consumer.
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
        required: Set<SignalName> = [], publishers: Set<String> = [],
        _ change: (inout BrokerInventory) -> Void
    ) throws -> [TopologyFinding] {
        var inventory = try whole()
        change(&inventory)
        return TopologyReview(
            inventory, exchange: "auth.signals", virtualHost: "/", publishers: publishers, consumers: [],
            signals: Self.signals, required: required
        ).findings
    }

    @Test func `reports nothing if the broker matches the contract`() throws {
        #expect(try findings { _ in } == [])
    }

    @Test func `a missing exchange and one of another type are faults`() throws {
        let missing = try findings { $0.exchanges.removeAll { $0.name == "auth.signals" } }
        #expect(missing.map(\.object) == ["exchange auth.signals"])
        let other = try findings { $0.exchanges[1].type = "fanout" }
        #expect(other.map(\.what) == ["is of type fanout, not a durable topic"])
    }

    @Test func `a different, a missing and an extra queue argument are each a fault`() throws {
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

    @Test func `a missing retry rung and a missing binding are each a fault`() throws {
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

    @Test func `a length limit on a foreign queue is a fault if it rejects messages`() throws {
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

    // MARK: Policies

    /// Each policy setting and its effect on the queue, on the 10-minute rung and on the dead-letter queue; `nil`: no
    /// effect, only a note.
    private static let policies: [(key: String, value: JSONValue, effects: [String?])] = [
        ("delivery-limit", .integer(3), ["after this many crashes", nil, "deletes dead letters"]),
        ("delivery-limit", .integer(50), [nil, nil, "deletes dead letters"]),
        (
            "max-length", .integer(5),
            ["no queue receives signals", "cannot be retried", "deletes the oldest"]
        ),
        (
            "max-length-bytes", .integer(5),
            ["no queue receives signals", "cannot be retried", "deletes the oldest"]
        ),
        (
            "message-ttl", .integer(1000),
            ["dead-lettered unhandled", "1000 ms instead of 600000", "deletes dead letters"]
        ),
        ("message-ttl", .integer(86_400_000), ["dead-lettered unhandled", nil, "deletes dead letters"]),
        ("expires", .integer(1000), ["deletes the queue", "deletes the queue", "with all dead letters"]),
        ("overflow", .string("drop-head"), ["can lose messages", "can lose messages", nil]),
        ("dead-letter-exchange", .string("x"), [nil, nil, nil]),
        ("dead-letter-routing-key", .string("x"), [nil, nil, nil]),
        ("dead-letter-strategy", .string("at-most-once"), [nil, nil, nil]),
    ]

    @Test(arguments: policies.indices, [0, 4, 6])
    func `reports every policy on the queue, a retry rung and the dead-letter queue`(index: Int, place: Int)
        throws
    {
        let (key, value, effects) = Self.policies[index]
        let effect = effects[[0: 0, 4: 1, 6: 2][place]!]
        let found = try findings { inventory in
            inventory.queues[place].policy = [key: value]
            inventory.queues[place].policyName = "everything"
        }
        try #require(found.count == 1, "\(found)")
        #expect(found[0].object == "queue " + ["mail", "", "", "", "mail.retry.10m", "", "mail.dead"][place])
        #expect(found[0].what.contains("\(key) "))
        #expect(found[0].what.contains("the policy everything"))
        #expect(found[0].level == (effect == nil ? .note : .fault))
        if let effect { #expect(found[0].what.contains(effect), "\(found[0].what)") }
    }

    @Test(arguments: ["delivery-limit", "max-length-bytes", "message-ttl", "expires"])
    func `reports a policy that deletes the record of the bindings`(key: String) throws {
        let found = try findings { inventory in
            var queue = BrokerInventory.Queue(name: "mail.bindings", arguments: [:])
            queue.policy = [key: .integer(1)]
            queue.policyName = "everything"
            inventory.queues.append(queue)
        }
        try #require(found.count == 1, "\(found)")
        #expect(found[0].object == "queue mail.bindings")
        #expect(found[0].level == .fault)
        #expect(found[0].what.contains("\(key) 1 from the policy everything"))
        #expect(found[0].what.contains("stays bound"))
    }

    @Test func `the fix for a policy is the same policy for that queue only, without the harmful settings`()
        throws
    {
        let found = try findings { inventory in
            inventory.queues[6].policy = [
                "delivery-limit": .integer(3), "queue-leader-locator": .string("balanced"),
            ]
            inventory.queues[6].policyName = "all"
            inventory.policies = [.init(name: "all", priority: 7, definition: inventory.queues[6].policy)]
        }
        #expect(
            found.map(\.fix) == [
                #"rabbitmqctl set_policy -p / --priority 8 --apply-to queues mail.dead.own '^mail\.dead$' "#
                    + #"'{"queue-leader-locator":"balanced"}'"#
            ])
        let bare = try findings {
            $0.queues[6].policy = ["expires": .integer(3)]; $0.queues[6].policyName = "all"
        }
        #expect(bare.first?.fix.hasSuffix(#"'{"delivery-limit":2147483647}'"#) == true)
        let byOperator = try findings { inventory in
            inventory.queues[6].policy = ["message-ttl": .integer(3)]
            inventory.queues[6].operatorPolicyName = "limits"
        }
        #expect(byOperator.first?.what.contains("the operator policy limits") == true)
        #expect(byOperator.first?.fix.contains("list_operator_policies") == true)
    }

    // MARK: Permissions

    @Test func `recognizes the publisher by its permissions and ignores administrators`() throws {
        let found = try findings { inventory in
            inventory.users = [
                .init(name: "publisher"), .init(name: "root", tags: ["administrator"]), .init(name: "worker"),
            ]
            inventory.permissions?.append(.init(user: "root", configure: ".*", write: ".*", read: ".*"))
        }
        #expect(found == [])
    }

    @Test func `reports nothing for the shipped definitions`() throws {
        struct Definitions: Decodable {
            var users: [BrokerInventory.User]
            var permissions: [BrokerInventory.Permission]
            var policies: [BrokerInventory.Policy]
        }
        let file = Repository.root.appending(path: "deploy/rabbitmq/definitions.json")
        let shipped = try JSONDecoder().decode(Definitions.self, from: Data(contentsOf: file))
        let found = try findings { inventory in
            inventory.users = shipped.users
            inventory.permissions = shipped.permissions
            for index in inventory.queues.indices {
                inventory.queues[index].policyName = shipped.policies.first?.name
                inventory.queues[index].policy = shipped.policies.first?.definition ?? [:]
            }
        }
        #expect(found == [])
        #expect(
            shipped.policies.map(\.definition) == [["queue-leader-locator": .string("balanced")]])
        #expect(shipped.users.first { $0.name == "operator" }?.tags == ["monitoring"])
        let own = shipped.permissions.first { $0.user == "operator" }?.patterns
        #expect(own == .operator(queues: ["worker"], exchange: "auth.signals"))
        #expect(
            shipped.permissions.first { $0.user == "worker" }?.patterns
                == .worker(queue: "worker", exchange: "auth.signals"))
        #expect(
            shipped.permissions.first { $0.user == "publisher" }?.patterns
                == .publisher(exchange: "auth.signals"))
    }

    @Test func `the user of the example worker has the permissions of a worker on its queue`() throws {
        struct Definitions: Decodable { var permissions: [BrokerInventory.Permission] }
        let file = Repository.root.appending(path: "Examples/worker/rabbitmq/billing.json")
        let definitions = try JSONDecoder().decode(Definitions.self, from: Data(contentsOf: file))
        #expect(definitions.permissions.map(\.user) == ["billing"])
        #expect(
            definitions.permissions.first?.patterns == .worker(queue: "billing", exchange: "auth.signals"))
    }

    @Test func `permissions wider than the contract's are faults, and no fix revokes one that may be needed`()
        throws
    {
        let wide = try findings { $0.permissions?[0].configure = ".*" }
        #expect(wide.map(\.object) == ["user publisher"])
        #expect(wide.first?.fix.contains(#"'^auth\.signals$' '^auth\.signals$' '^$'"#) == true)
        #expect(wide.first?.fix.contains("set_permissions -p / publisher") == false)
        let everything = try findings { $0.permissions?[1].write = ".*" }
        #expect(everything.map(\.level) == [.fault, .fault])
        #expect(everything.last?.fix.contains("set_permissions") == false)
        #expect(everything.last?.fix.contains(#"a worker on mail needs '^mail(\..*)?$'"#) == true)
        for finding in wide + everything { #expect(!finding.fix.contains("NAME")) }
        let hidden = try findings { $0.permissions = nil }
        #expect(hidden.map(\.level) == [.note])
    }

    @Test func `the fix for an unexpected publisher revokes only its write permission on the exchange`()
        throws
    {
        let found = try findings { $0.permissions?[1].write = #"^(mail(\..*)?|auth\.signals)$"# }
        #expect(found.count == 1)
        #expect(found.first?.what.contains("forge signals") == true)
        let fix = try #require(found.first?.fix)
        // '^mail…' '^(?!auth\.signals$)(?=.*(?:…))' '…'
        let arguments = fix.split(separator: "'").map(String.init)
        let write = try Regex(try #require(arguments.first { $0.hasPrefix("^(?!") }))
        for name in ["mail", "mail.x", "mail.dead"] { #expect(name.firstMatch(of: write) != nil) }
        for name in ["auth.signals", "other"] { #expect(name.firstMatch(of: write) == nil) }
        #expect(fix.contains(#"'^mail(\..*)?$' '^(?!"#))
        #expect(fix.hasSuffix(#"'^(mail(\..*)?|auth\.signals)$'"#))
    }

    @Test func `several publishers are a fault until they are configured`() throws {
        let change: (inout BrokerInventory) -> Void = { inventory in
            inventory.permissions?.append(
                .init(user: "second", configure: "^auth", write: "^auth", read: "^$"))
        }
        let found = try findings(change)
        #expect(found.count == 1)
        #expect(found.first?.what.contains("publisher, second") == true)
        #expect(found.first?.fix.contains("BROKER_PUBLISHERS") == true)
        #expect(try findings(publishers: ["publisher", "second"], change) == [])
        #expect(try findings(publishers: ["publisher"], change).map(\.object) == ["user second"])
    }

    @Test func `decodes a response of the management API with empty lists`() throws {
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
