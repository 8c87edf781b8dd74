// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// Compares what a virtual host holds with what the contract wants.
public struct TopologyReview: Sendable {
    private let inventory: BrokerInventory
    private let exchange: String
    private let virtualHost: String
    private let publisher: String
    private let signals: [SignalName]
    private let required: Set<SignalName>
    private let consumers: [ConsumerTopology]

    /// - Parameters:
    ///   - exchange: the signals' exchange.
    ///   - publisher: the user that publishes.
    ///   - consumers: those that must be there; others are found by their names.
    ///   - signals: the catalogue.
    ///   - required: those that must reach a queue.
    public init(
        _ inventory: BrokerInventory, exchange: String, virtualHost: String, publisher: String,
        consumers: [ConsumerTopology], signals: [SignalName], required: Set<SignalName>
    ) {
        self.inventory = inventory
        self.exchange = exchange
        self.virtualHost = virtualHost
        self.publisher = publisher
        self.signals = signals
        self.required = required
        let names = Set(inventory.exchanges.map(\.name))
        let bound = Dictionary(
            grouping: inventory.bindings.filter { $0.source == exchange && $0.destinationType == "queue" },
            by: \.destination)
        let known = Set(consumers.map(\.queue))
        self.consumers =
            consumers
            + bound.keys.sorted().filter { names.contains($0 + ".x") && !known.contains($0) }.compactMap {
                name in
                let queue = inventory.queues.first { $0.name == name }
                let patterns = (bound[name] ?? []).compactMap {
                    try? SignalPattern(validating: $0.routingKey)
                }
                return try? ConsumerTopology(
                    queue: name, patterns: patterns,
                    singleActive: queue?.arguments["x-single-active-consumer"] == .bool(true))
            }
    }

    /// Everything that was found.
    public var findings: [TopologyFinding] {
        exchangeFindings + consumers.flatMap(findings) + bindingFindings + reachFindings + limitFindings
            + permissionFindings
    }

    // MARK: Objects

    private var exchangeFindings: [TopologyFinding] {
        guard let found = inventory.exchanges.first(where: { $0.name == exchange }) else {
            return [
                TopologyFinding(
                    .fault, "exchange \(exchange)", "does not exist", fix: "auth-signals topology declare")
            ]
        }
        if found.type == "topic", found.durable { return [] }
        return [
            TopologyFinding(
                .fault, "exchange \(exchange)",
                "is \(found.durable ? "" : "not durable and ")of type \(found.type), not a durable topic",
                fix: "rabbitmqadmin delete exchange name=\(exchange), then auth-signals topology declare")
        ]
    }

    private func findings(_ consumer: ConsumerTopology) -> [TopologyFinding] {
        let declare = "start its worker, or auth-signals topology declare --queue \(consumer.queue) --bind …"
        var findings: [TopologyFinding] = []
        if !inventory.exchanges.contains(where: { $0.name == consumer.exchange && $0.type == "direct" }) {
            findings.append(
                TopologyFinding(
                    .fault, "exchange \(consumer.exchange)", "is missing, or not a direct exchange",
                    fix: declare))
        }
        for wanted in consumer.queues {
            guard let found = inventory.queues.first(where: { $0.name == wanted.name }) else {
                findings.append(
                    TopologyFinding(.fault, "queue \(wanted.name)", "does not exist", fix: declare))
                continue
            }
            for name in Set(wanted.arguments.keys).union(found.arguments.keys).sorted() {
                let (want, have) = (wanted.arguments[name]?.json, found.arguments[name])
                if want == have { continue }
                findings.append(
                    TopologyFinding(
                        .fault, "queue \(wanted.name)",
                        "has \(name) \(have?.shown ?? "not set"), not \(want?.shown ?? "unset")",
                        fix: "empty it, rabbitmqctl delete_queue -p \(virtualHost) \(wanted.name), \(declare)"
                    ))
            }
        }
        for wanted in consumer.bindings(to: exchange)
        where !inventory.bindings.contains(where: {
            $0.source == wanted.exchange && $0.destination == wanted.queue && $0.routingKey == wanted.key
        }) {
            findings.append(
                TopologyFinding(
                    .fault, "queue \(wanted.queue)", "is not bound to \(wanted.exchange) with \(wanted.key)",
                    fix: declare))
        }
        return findings
    }

    // MARK: Ways

    private var routes: [(queue: String, pattern: String)] {
        inventory.bindings.filter { $0.source == exchange }.map { ($0.destination, $0.routingKey) }
    }

    private var bindingFindings: [TopologyFinding] {
        routes.compactMap { queue, pattern in
            let isOfUse = (try? SignalPattern(validating: pattern)).map {
                signals.contains(where: $0.matches)
            }
            if isOfUse == true { return nil }
            return TopologyFinding(
                .note, "queue \(queue)", "is bound with \(pattern), which matches no signal of the catalogue",
                fix: "unbind it, unless it is for signals of your application's own")
        }
    }

    private var reachFindings: [TopologyFinding] {
        let patterns = routes.compactMap { try? SignalPattern(validating: $0.pattern) }
        let unheard = signals.filter { name in !patterns.contains { $0.matches(name) } }
        let missing = unheard.filter(required.contains).map(\.rawValue)
        let others = unheard.filter { !required.contains($0) }.map(\.rawValue)
        var findings: [TopologyFinding] = []
        if !missing.isEmpty {
            findings.append(
                TopologyFinding(
                    .fault, "exchange \(exchange)",
                    "required signals reach no queue: \(missing.joined(separator: ", "))",
                    fix: "bind a queue to them, or take them out of SIGNALS_REQUIRED"))
        }
        if !others.isEmpty {
            findings.append(
                TopologyFinding(
                    .note, "exchange \(exchange)",
                    "signals reach no queue: \(others.joined(separator: ", "))",
                    fix: "bind a queue to those that somebody wants"))
        }
        return findings
    }

    /// A full queue that refuses makes the broker refuse the publisher's message for everybody.
    private var limitFindings: [TopologyFinding] {
        let bound = Set(routes.map(\.queue))
        return inventory.queues.filter { bound.contains($0.name) }.flatMap { queue in
            ["max-length", "max-length-bytes"].compactMap { name in
                guard let limit = queue.setting(name),
                    queue.setting("overflow")?.string?.hasPrefix("reject-publish") == true
                else { return nil }
                let isPolicy = queue.arguments["x-" + name] == nil
                return TopologyFinding(
                    .fault, "queue \(queue.name)",
                    "has \(name) \(limit.shown) with reject-publish: when it is full, nobody gets signals",
                    fix: isPolicy
                        ? "take \(name) out of the policy that gives it (rabbitmqctl list_policies -p \(virtualHost))"
                        : "declare it again without x-\(name)")
            }
        }
    }

    // MARK: Permissions

    private var permissionFindings: [TopologyFinding] {
        guard let permissions = inventory.permissions else {
            return [
                TopologyFinding(
                    .note, "permissions", "cannot be seen by this user of the management API",
                    fix: "ask with a user that has the administrator tag")
            ]
        }
        return permissions.flatMap { $0.user == publisher ? asPublisher($0) : asOther($0) }
    }

    /// Names that stand for everything that is not one's own.
    private var others: [String] {
        ["a-name-of-somebody-else", "amq.topic"] + inventory.queues.map(\.name)
            + inventory.exchanges.map(\.name).filter { !$0.isEmpty && $0 != exchange }
    }

    private func asPublisher(_ permission: BrokerInventory.Permission) -> [TopologyFinding] {
        let own = "^" + exchange.replacing(".", with: #"\."#) + "$"
        let fix =
            "rabbitmqctl set_permissions -p \(virtualHost) \(permission.user) '\(own)' '\(own)' '^$'"
        return [("configure", permission.configure), ("write", permission.write), ("read", permission.read)]
            .compactMap { what, expression in
                guard let name = others.first(where: { matches(expression, $0) }) else { return nil }
                return TopologyFinding(
                    .fault, "user \(permission.user)",
                    "publishes, and may \(what) more than \(exchange), such as \(name)", fix: fix)
            }
    }

    private func asOther(_ permission: BrokerInventory.Permission) -> [TopologyFinding] {
        let fix =
            "rabbitmqctl set_permissions -p \(virtualHost) \(permission.user) '^NAME(\\..*)?$' '^NAME(\\..*)?$' "
            + "'^(NAME(\\..*)?|\(exchange.replacing(".", with: #"\."#)))$'"
        var findings: [TopologyFinding] = []
        if matches(permission.write, exchange) {
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)",
                    "may write to \(exchange), and so speak for your accounts", fix: fix))
        }
        for (what, expression) in [("configure", permission.configure), ("write", permission.write)]
        where matches(expression, "a-name-of-somebody-else") {
            findings.append(
                TopologyFinding(
                    .fault, "user \(permission.user)", "may \(what) whatever it likes", fix: fix))
        }
        return findings
    }

    /// As RabbitMQ does: anywhere in the name, and an empty expression matches nothing.
    private func matches(_ expression: String, _ name: String) -> Bool {
        guard !expression.isEmpty, let expression = try? Regex(expression) else { return false }
        return name.firstMatch(of: expression) != nil
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

extension JSONValue {
    fileprivate var shown: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        default: "something else"
        }
    }
}
