// SPDX-License-Identifier: Apache-2.0
import AuthBroker

/// Finds users of a virtual host with more permissions than they need for signals.
///
/// A user's function is inferred from its permissions: a publisher may declare the signals' exchange and write to it.
/// Administrators are skipped: they have all permissions intentionally. No command in a fix removes a permission that
/// its user may need, since a user can also serve other applications.
struct PermissionReview {
    let inventory: BrokerInventory
    let exchange: String
    let virtualHost: String
    /// The users that publish; empty: inferred from their permissions.
    let publishers: Set<String>
    let consumers: [ConsumerTopology]

    /// A name that only a pattern for everything matches; it stands for the objects of other applications.
    private static let foreign = "a-name-of-another-application"

    var findings: [TopologyFinding] {
        guard let all = inventory.permissions else {
            return [
                TopologyFinding(
                    .note, "permissions", "not visible to this user of the management API",
                    fix: "use a user with the administrator tag")
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
                    "several users can publish to it, so signals can be forged: "
                        + names.joined(separator: ", "),
                    fix:
                        "list the intended publishers in BROKER_PUBLISHERS; this command then shows a fix for each "
                        + "other user"), at: 0)
        }
        return findings
    }

    /// - Returns: Also whether the result is unambiguous.
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
            "give the server its own user and set it in BROKER_URL: rabbitmqctl add_user \(user); rabbitmqctl "
            + "set_permissions -p \(virtualHost.shellWord) \(user) \(own.arguments)"
        return MissingPermission.Right.allCases.compactMap { right in
            let pattern = permission.patterns[right]
            if matches(pattern, Self.foreign) {
                return TopologyFinding(
                    .fault, "user \(permission.user)",
                    "publishes, and has \(right) permission on everything in the virtual host", fix: fix)
            }
            guard let name = otherNames.first(where: { matches(pattern, $0) }) else { return nil }
            return TopologyFinding(
                .note, "user \(permission.user)", "publishes, and also has \(right) permission on \(name)",
                fix: fix)
        }
    }

    private func asOther(_ permission: BrokerInventory.Permission) -> [TopologyFinding] {
        var findings: [TopologyFinding] = []
        if matches(permission.write, exchange) {
            // The same expression without this one name.
            let without =
                #"^(?!"# + PermissionPatterns.exactly(exchange).dropFirst() + ")(?=.*(?:" + permission.write
                + "))"
            let kept = PermissionPatterns(
                configure: permission.configure, write: without, read: permission.read)
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)",
                    "may write to \(exchange), so it can forge signals",
                    fix:
                        "if it should publish, list it in BROKER_PUBLISHERS; if not, this removes only that: "
                        + "rabbitmqctl set_permissions -p \(virtualHost.shellWord) \(permission.user.shellWord) "
                        + kept.arguments))
        }
        for right in [MissingPermission.Right.configure, .write]
        where matches(permission.patterns[right], Self.foreign) {
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)",
                    "has \(right) permission on everything in the virtual host",
                    fix: "limit its \(right) permission to the objects that it uses\(examples(of: right))"))
        }
        return findings
    }

    /// The permissions that the virtual host's workers need.
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

    /// Matches as RabbitMQ does: anywhere in the name, and an empty expression matches nothing.
    private func matches(_ expression: String, _ name: String) -> Bool {
        guard !expression.isEmpty, let expression = try? Regex(expression) else { return false }
        return name.firstMatch(of: expression) != nil
    }
}
