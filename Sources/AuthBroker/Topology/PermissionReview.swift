// SPDX-License-Identifier: Apache-2.0

/// Finds users of a virtual host who may do more than they need, for what they do here.
///
/// What a user does is known by what it may do: a publisher declares the signals' exchange and writes to it. Who
/// administers the broker may do everything, on purpose. No command in a fix takes a permission away that its user may
/// need: a user can have other duties than ours.
struct PermissionReview {
    let inventory: BrokerInventory
    let exchange: String
    let virtualHost: String
    /// The users that publish; empty: found by what they may do.
    let publishers: Set<String>
    let consumers: [ConsumerTopology]

    /// Stands for everything that belongs to others.
    private static let foreign = "a-name-of-somebody-else"

    var findings: [TopologyFinding] {
        guard let all = inventory.permissions else {
            return [
                TopologyFinding(
                    .note, "permissions", "cannot be seen by this user of the management API",
                    fix: "ask with a user that has the administrator tag")
            ]
        }
        let administrators = Set((inventory.users ?? []).filter(\.isAdministrator).map(\.name))
        let others = all.filter { !administrators.contains($0.user) }
        let (known, isClear) = publishers(among: others)
        var findings = others.flatMap { known.contains($0.user) ? asPublisher($0) : asOther($0) }
        if !isClear {
            let names = known.sorted()
            findings.insert(
                TopologyFinding(
                    .fault, "exchange \(exchange)",
                    "can be published to by several users, and so signals can be forged: "
                        + names.joined(separator: ", "),
                    fix:
                        "name those that are to publish in BROKER_PUBLISHERS, and this command says of each other "
                        + "one what to do"), at: 0)
        }
        return findings
    }

    /// - Returns: also whether that is certain.
    private func publishers(
        among users: [BrokerInventory.Permission]
    ) -> (names: Set<String>, isClear: Bool) {
        if !publishers.isEmpty { return (publishers, true) }
        let able = users.filter { matches($0.configure, exchange) && matches($0.write, exchange) }
        let narrow = able.filter { !matches($0.configure, Self.foreign) && !matches($0.write, Self.foreign) }
        let found = narrow.isEmpty ? able : narrow
        return (Set(found.map(\.user)), found.count <= 1)
    }

    private func asPublisher(_ permission: BrokerInventory.Permission) -> [TopologyFinding] {
        let own = PermissionPatterns.publisher(exchange: exchange)
        let user = "\(exchange).publisher".shellWord
        let fix =
            "give the server a user of its own and name it in BROKER_URL: rabbitmqctl add_user \(user); rabbitmqctl "
            + "set_permissions -p \(virtualHost.shellWord) \(user) \(own.arguments)"
        return MissingPermission.Right.allCases.compactMap { right in
            let pattern = permission.patterns[right]
            if matches(pattern, Self.foreign) {
                return TopologyFinding(
                    .fault, "user \(permission.user)",
                    "publishes, and may \(right) everything in the virtual host", fix: fix)
            }
            guard let name = otherNames.first(where: { matches(pattern, $0) }) else { return nil }
            return TopologyFinding(
                .note, "user \(permission.user)", "publishes, and may also \(right) others, such as \(name)",
                fix: fix)
        }
    }

    private func asOther(_ permission: BrokerInventory.Permission) -> [TopologyFinding] {
        var findings: [TopologyFinding] = []
        if matches(permission.write, exchange) {
            // The same expression, but for this one name.
            let without =
                #"^(?!"# + PermissionPatterns.exactly(exchange).dropFirst() + ")(?=.*(?:" + permission.write
                + "))"
            let kept = PermissionPatterns(
                configure: permission.configure, write: without, read: permission.read)
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)",
                    "may write to \(exchange), and so speak for your accounts",
                    fix:
                        "if it is to publish, name it in BROKER_PUBLISHERS; if not, this takes only that from it: "
                        + "rabbitmqctl set_permissions -p \(virtualHost.shellWord) \(permission.user.shellWord) "
                        + kept.arguments))
        }
        for right in [MissingPermission.Right.configure, .write]
        where matches(permission.patterns[right], Self.foreign) {
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)", "may \(right) everything in the virtual host",
                    fix: "let it \(right) only what it uses\(examples(of: right))"))
        }
        return findings
    }

    /// What the workers of the virtual host need.
    private func examples(of right: MissingPermission.Right) -> String {
        let needs = consumers.map { consumer in
            let own = PermissionPatterns.worker(queue: consumer.queue, exchange: exchange)
            return "a worker on \(consumer.queue) needs \(own[right].shellQuoted)"
        }
        return needs.isEmpty ? "" : "; " + needs.joined(separator: ", ")
    }

    private var otherNames: [String] {
        inventory.queues.map(\.name)
            + inventory.exchanges.map(\.name).filter {
                !$0.isEmpty && $0 != exchange && !$0.hasPrefix("amq.")
            }
    }

    /// As RabbitMQ does: anywhere in the name, and an empty expression matches nothing.
    private func matches(_ expression: String, _ name: String) -> Bool {
        guard !expression.isEmpty, let expression = try? Regex(expression) else { return false }
        return name.firstMatch(of: expression) != nil
    }
}
