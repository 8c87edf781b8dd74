// SPDX-License-Identifier: Apache-2.0
import AuthBroker

/// Finds quorum queues with fewer members than the cluster can hold: a queue that was declared before nodes joined
/// keeps its members, and those nodes do not replicate it.
struct MemberReview {
    let inventory: BrokerInventory
    let exchange: String
    let virtualHost: String
    let consumers: [ConsumerTopology]

    /// How many members a quorum queue needs, so that one node can fail; RabbitMQ's default for a new queue.
    private static let goal = 3

    var findings: [TopologyFinding] {
        let groups = groups
        guard groups.contains(where: { !$0.queues.isEmpty }) else { return [] }
        guard let nodes = inventory.nodes else {
            return [
                TopologyFinding(
                    .note, "cluster",
                    "its nodes are not visible to this user of the management API, so the members of quorum queues "
                        + "are not checked",
                    fix: "use a user with the monitoring tag")
            ]
        }
        guard nodes.count > 1 else { return [] }
        return groups.compactMap { finding($0, nodes) } + leaderFindings(groups, nodes)
    }

    // MARK: Queues

    /// Quorum queues that grow together.
    private struct Group {
        var name: String
        /// The pattern of the queues' names for `rabbitmq-queues`.
        var pattern: String
        var queues: [BrokerInventory.Queue]
    }

    /// The quorum queues of each consumer, and every other one that is bound to the signals' exchange.
    private var groups: [Group] {
        let quorum = inventory.queues.filter { $0.type == "quorum" && !$0.members.isEmpty }
        let own = consumers.map { consumer in
            let names = Set((consumer.queues + [consumer.memory]).map(\.name))
            return Group(
                name: consumer.queue,
                pattern: PermissionPatterns.worker(queue: consumer.queue, exchange: exchange).configure,
                queues: quorum.filter { names.contains($0.name) })
        }
        let known = Set(own.flatMap { $0.queues.map(\.name) })
        let bound = Set(
            inventory.bindings.filter { $0.source == exchange && $0.destinationType == "queue" }.map(
                \.destination))
        let others = quorum.filter { bound.contains($0.name) && !known.contains($0.name) }.map {
            Group(name: $0.name, pattern: PermissionPatterns.exactly($0.name), queues: [$0])
        }
        return own + others
    }

    private func finding(_ group: Group, _ nodes: [BrokerInventory.Node]) -> TopologyFinding? {
        let goal = min(Self.goal, nodes.count)
        let names = Set(nodes.map(\.name))
        let short = group.queues.map { queue in
            // A node that has left the cluster can still be a member.
            var queue = queue
            queue.members.removeAll { !names.contains($0) }
            return queue
        }.filter { $0.members.count < goal }
        guard let first = short.min(by: { $0.members.count < $1.members.count }) else { return nil }
        let rest = short.count - 1
        let others = rest == 0 ? "" : ", and \(rest) more of its consumer's queues have too few"
        let effect =
            first.members.count == 1
            ? "its messages are lost with the disk of that node, and it stops while the node is down"
            : "it stops when one of them is down"
        return TopologyFinding(
            nodes.count < Self.goal ? .note : .fault, "queue \(first.name)",
            "has \(first.members.count) of \(goal) members in a cluster of \(nodes.count) nodes "
                + "(\(first.members.sorted().joined(separator: ", ")))\(others): \(effect)",
            fix: fix(group, short, goal, nodes))
    }

    /// Commands that add members until every queue has enough.
    private func fix(
        _ group: Group, _ short: [BrokerInventory.Queue], _ goal: Int, _ nodes: [BrokerInventory.Node]
    ) -> String {
        var members = short.map { Set($0.members) }
        var chosen: [String] = []
        // A queue gets a member on a running node only.
        var candidates = nodes.filter(\.running).map(\.name).sorted()
        while members.contains(where: { $0.count < goal }) {
            let lacking = candidates.map { node in
                members.count { $0.count < goal && !$0.contains(node) }
            }
            guard let most = lacking.max(), most > 0, let place = lacking.firstIndex(of: most) else { break }
            let node = candidates.remove(at: place)
            for index in members.indices { members[index].insert(node) }
            chosen.append(node)
        }
        if chosen.isEmpty { return "start the stopped nodes, and check again" }
        return chosen.map { node in
            "rabbitmq-queues grow \(node.shellWord) all --vhost-pattern "
                + "\(PermissionPatterns.exactly(virtualHost).shellQuoted) --queue-pattern "
                + group.pattern.shellQuoted
        }.joined(separator: "; ")
    }

    // MARK: Leaders

    private func leaderFindings(
        _ groups: [Group], _ nodes: [BrokerInventory.Node]
    ) -> [TopologyFinding] {
        let queues = groups.flatMap(\.queues).filter { $0.members.count > 1 }
        let leaders = Set(queues.compactMap(\.leader))
        // A node that is down, or has just returned, leads no queue.
        guard nodes.allSatisfy(\.running), queues.count > 1, leaders.count == 1, let leader = leaders.first
        else { return [] }
        return [
            TopologyFinding(
                .note, "cluster",
                "\(leader) leads all \(queues.count) quorum queues of the signals, so it does most of the work",
                fix:
                    "rabbitmq-queues rebalance quorum; for new queues a policy with queue-leader-locator balanced"
            )
        ]
    }
}
