// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthSignals

/// Compares the objects of a virtual host with the contract.
package struct TopologyReview: Sendable {
    private let inventory: BrokerInventory
    private let exchange: String
    private let virtualHost: String
    private let publishers: Set<String>
    private let signals: [SignalName]
    private let required: Set<SignalName>
    private let consumers: [ConsumerTopology]

    /// - Parameters:
    ///   - exchange: The signals' exchange.
    ///   - publishers: The users that publish; empty: inferred from their permissions.
    ///   - consumers: The consumers that must exist; others are found by the names of their objects.
    ///   - signals: The catalogue.
    ///   - required: The signals that must reach a queue.
    package init(
        _ inventory: BrokerInventory, exchange: String, virtualHost: String, publishers: Set<String> = [],
        consumers: [ConsumerTopology], signals: [SignalName], required: Set<SignalName>
    ) {
        self.inventory = inventory
        self.exchange = exchange
        self.virtualHost = virtualHost
        self.publishers = publishers
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

    /// All findings.
    package var findings: [TopologyFinding] {
        let policies = PolicyReview(
            inventory: inventory, exchange: exchange, virtualHost: virtualHost, consumers: consumers)
        let permissions = PermissionReview(
            inventory: inventory, exchange: exchange, virtualHost: virtualHost, publishers: publishers,
            consumers: consumers)
        let members = MemberReview(
            inventory: inventory, exchange: exchange, virtualHost: virtualHost, consumers: consumers)
        return exchangeFindings + consumers.flatMap(findings) + bindingFindings + reachFindings
            + policies.findings + members.findings + permissions.findings
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
                fix:
                    "stop the server and its workers, delete it (rabbitmqadmin -V \(virtualHost.shellWord) delete "
                    + "exchange name=\(exchange)), and start them: they declare it and bind to it; other queues must "
                    + "be bound again")
        ]
    }

    private func findings(_ consumer: ConsumerTopology) -> [TopologyFinding] {
        let declare = consumer.declaring
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
                        fix: TopologyFinding.redeclaring(wanted.name, in: virtualHost, declare)))
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

    // MARK: Routes

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
                fix: "unbind it, unless it is for your application's own signals")
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
                    fix: "bind a queue to them, or remove them from SIGNALS_REQUIRED"))
        }
        if !others.isEmpty {
            findings.append(
                TopologyFinding(
                    .note, "exchange \(exchange)",
                    "signals reach no queue: \(others.joined(separator: ", "))",
                    fix: "bind a queue to those that are needed"))
        }
        return findings
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
    /// The value if it is an integer; nil otherwise.
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The value as text for a finding.
    var shown: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        default: "another type"
        }
    }
}
