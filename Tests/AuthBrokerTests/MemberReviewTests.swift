// SPDX-License-Identifier: Apache-2.0
import AuthBroker
@testable import AuthBrokerTools
import AuthSignals
import Testing

@Suite struct MemberReviewTests {
    /// An inventory with one consumer, all of whose queues have the given members.
    private func inventory(
        _ nodes: [BrokerInventory.Node]?, members: [String], leader: String? = nil
    ) throws -> (BrokerInventory, ConsumerTopology) {
        let mail = try ConsumerTopology(queue: "mail", patterns: ["account.#"])
        let inventory = BrokerInventory(
            exchanges: [.init(name: "auth.signals", type: "topic"), .init(name: "mail.x", type: "direct")],
            queues: (mail.queues + [mail.memory]).map {
                .init(name: $0.name, type: "quorum", members: members, leader: leader)
            },
            bindings: mail.bindings(to: "auth.signals").map {
                .init(source: $0.exchange, destination: $0.queue, routingKey: $0.key)
            },
            permissions: nil, nodes: nodes)
        return (inventory, mail)
    }

    private func findings(_ inventory: BrokerInventory, _ consumer: ConsumerTopology) -> [TopologyFinding] {
        MemberReview(
            inventory: inventory, exchange: "auth.signals", virtualHost: "auth", consumers: [consumer]
        ).findings
    }

    private static func nodes(_ names: String...) -> [BrokerInventory.Node] { names.map { .init(name: $0) } }

    @Test
    func `queues that were declared before two nodes joined are one fault, with a command for each node`()
        throws
    {
        let (inventory, consumer) = try inventory(
            Self.nodes("rabbit@a", "rabbit@b", "rabbit@c"), members: ["rabbit@a"])
        let found = findings(inventory, consumer)
        #expect(found.map(\.level) == [.fault])
        #expect(found.first?.object == "queue mail")
        #expect(
            found.first?.what.hasPrefix(
                "has 1 of 3 members in a cluster of 3 nodes (rabbit@a), and 7 more of its consumer's queues")
                == true)
        let grow = ["rabbit@b", "rabbit@c"].map {
            "rabbitmq-queues grow \($0) all --vhost-pattern '^auth$' --queue-pattern '^mail(\\..*)?$'"
        }
        #expect(found.first?.fix == grow.joined(separator: "; "))
    }

    @Test func `three members are enough in a cluster of five, and a single node needs no second member`()
        throws
    {
        let five = ["a", "b", "c", "d", "e"].map { BrokerInventory.Node(name: $0) }
        let (large, consumer) = try inventory(five, members: ["a", "c", "e"])
        #expect(findings(large, consumer) == [])
        let (small, _) = try inventory(Self.nodes("a"), members: ["a"])
        #expect(findings(small, consumer) == [])
    }

    @Test func `only the queue that lacks a member is reported, and in a cluster of two it is a note`() throws
    {
        var (inventory, consumer) = try inventory(Self.nodes("a", "b"), members: ["a", "b"])
        inventory.queues[2].members = ["b"]
        let found = findings(inventory, consumer)
        #expect(found.map(\.level) == [.note])
        #expect(found.first?.object == "queue \(inventory.queues[2].name)")
        #expect(found.first?.what.contains("more of its") == false)
        #expect(found.first?.fix.hasPrefix("rabbitmq-queues grow a all ") == true)
    }

    @Test func `queues with different members get them with the fewest commands`() throws {
        var (inventory, consumer) = try inventory(Self.nodes("a", "b", "c"), members: ["a", "b", "c"])
        inventory.queues[0].members = ["a"]
        inventory.queues[1].members = ["b"]
        let fix = try #require(findings(inventory, consumer).first).fix
        // Node c lacks both queues, and each of the other nodes lacks one.
        #expect(fix.split(separator: "; ").map { $0.split(separator: " ")[2] } == ["c", "a", "b"])
    }

    @Test func `a node that is down gets no member, and one that has left the cluster is not counted`() throws
    {
        var (inventory, consumer) = try inventory(Self.nodes("a", "b", "c"), members: ["a", "b", "c"])
        inventory.queues[0].members = ["a", "gone", "former"]
        inventory.nodes?[1].running = false
        let found = try #require(findings(inventory, consumer).first)
        #expect(found.what.contains("1 of 3 members"))
        #expect(found.fix.contains("grow c all"))
        #expect(!found.fix.contains("grow b"))
        inventory.nodes?[2].running = false
        #expect(
            findings(inventory, consumer).first?.fix == "start the stopped nodes, and check again")
    }

    @Test func `a bound queue of another application is checked, and one that is not bound is ignored`()
        throws
    {
        var (inventory, consumer) = try inventory(Self.nodes("a", "b", "c"), members: ["a", "b", "c"])
        inventory.queues.append(.init(name: "other", type: "quorum", members: ["a"]))
        inventory.queues.append(.init(name: "classic", type: "classic"))
        #expect(findings(inventory, consumer) == [])
        for name in ["other", "classic"] {
            inventory.bindings.append(.init(source: "auth.signals", destination: name, routingKey: "#"))
        }
        let found = findings(inventory, consumer)
        #expect(found.map(\.object) == ["queue other"])
        #expect(found.first?.fix.contains("--queue-pattern '^other$'") == true)
    }

    @Test func `one leader for all queues is a note, unless a node is down`() throws {
        var (inventory, consumer) = try inventory(
            Self.nodes("a", "b", "c"), members: ["a", "b", "c"], leader: "b")
        let found = findings(inventory, consumer)
        #expect(found.map(\.level) == [.note])
        #expect(found.first?.fix.hasPrefix("rabbitmq-queues rebalance quorum") == true)
        inventory.nodes?[0].running = false
        #expect(findings(inventory, consumer) == [])
        inventory.nodes?[0].running = true
        inventory.queues[3].leader = "a"
        #expect(findings(inventory, consumer) == [])
    }

    @Test func `nodes that the user may not see are a note`() throws {
        let (inventory, consumer) = try inventory(nil, members: ["a"])
        #expect(findings(inventory, consumer).map(\.level) == [.note])
        #expect(findings(inventory, consumer).first?.fix.contains("monitoring") == true)
    }
}
