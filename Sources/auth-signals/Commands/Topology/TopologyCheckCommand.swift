// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations
import AuthRelay
import AuthSignals
import Foundation

struct TopologyCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare what the broker has with the contract; change nothing.",
        discussion: """
            Over AMQP it sees the signals' exchange and the objects of the consumer that is named, and whether
            their arguments are right. With BROKER_MANAGEMENT_URL it also sees bindings, limits, every other
            consumer, policies and, as an administrator, permissions; a publisher is known by what it may do,
            or named in BROKER_PUBLISHERS. Settings: BROKER_URL, BROKER_EXCHANGE, BROKER_MANAGEMENT_URL,
            BROKER_PUBLISHERS, SIGNALS_REQUIRED. It ends with 1 where something is wrong.
            """)

    @OptionGroup var consumer: ConsumerSelection

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let topology = try consumer.topology()
        var reader = Environment.settings()
        var broker = BrokerConfiguration(reading: &reader)
        broker.connectionName = "auth-signals operator"
        let required = RelayConfiguration(reading: &reader).required
        let publishers = Set(reader.list("BROKER_PUBLISHERS", default: []))
        let management = ManagementAPI(reading: &reader, broker.urls[0])
        try reader.check()
        let findings: [TopologyFinding]
        if let management {
            // It sees all that AMQP shows and more; over AMQP only the log-in is tried.
            try await ProcessFailure.naming { try await BrokerAdmin(broker).check() }
            findings =
                TopologyReview(
                    try await management.inventory(), exchange: broker.exchange,
                    virtualHost: broker.urls[0].virtualHost, publishers: publishers,
                    consumers: topology.map { [$0] } ?? [], signals: SignalCatalog.all.map { $0.name },
                    required: required
                ).findings
        } else {
            findings = try await ProcessFailure.naming { try await seen(broker, topology) }
        }
        show(findings, hidden: management == nil ? hidden(topology) : [])
        let faults = findings.count { $0.level == .fault }
        if faults > 0 {
            throw ProcessFailure(.failed, "the broker differs from the contract in \(faults) ways")
        }
    }

    /// What plain AMQP shows.
    private func seen(
        _ broker: BrokerConfiguration, _ topology: ConsumerTopology?
    ) async throws -> [TopologyFinding] {
        let admin = BrokerAdmin(broker)
        let declare = "auth-signals topology declare"
        var findings = [
            finding(
                try await admin.compare(exchange: broker.exchange, type: "topic"),
                "exchange \(broker.exchange)", broker, declare)
        ]
        if let topology {
            let declare = topology.declaring
            findings.append(
                finding(
                    try await admin.compare(exchange: topology.exchange, type: "direct"),
                    "exchange \(topology.exchange)", broker, declare))
            for queue in topology.queues {
                findings.append(
                    finding(try await admin.compare(queue), "queue \(queue.name)", broker, declare))
            }
        }
        return findings.compactMap(\.self)
    }

    private func finding(
        _ state: DeclarationState, _ object: String, _ broker: BrokerConfiguration, _ declare: String
    ) -> TopologyFinding? {
        switch state {
        case .same: nil
        case .missing: TopologyFinding(.fault, object, "does not exist", fix: declare)
        case .different(let words):
            TopologyFinding(
                .fault, object, "was declared otherwise: \(words)",
                fix: TopologyFinding.redeclaring(
                    object.replacing("queue ", with: ""), in: broker.urls[0].virtualHost, declare))
        case .hidden:
            TopologyFinding(
                .note, object, "cannot be seen by the user \(broker.urls[0].user)",
                fix: "ask with a user that may configure it, or set BROKER_MANAGEMENT_URL")
        }
    }

    private func hidden(_ topology: ConsumerTopology?) -> [String] {
        (topology == nil ? ["consumers: name one with --queue"] : ["other consumers"])
            + ["bindings", "policies and limits", "permissions"]
    }

    private func show(_ findings: [TopologyFinding], hidden: [String]) {
        if json {
            let report = Report(findings: findings, notSeen: hidden)
            printLine((try? report.jsonText()) ?? "")
            return
        }
        for finding in findings {
            printLine("\(finding.level.rawValue): \(finding.object) \(finding.what); fix: \(finding.fix)")
        }
        if findings.isEmpty { printLine("what can be seen is as the contract wants it") }
        if !hidden.isEmpty {
            printLine("not seen without BROKER_MANAGEMENT_URL: \(hidden.joined(separator: ", "))")
        }
    }

    private struct Report: Encodable {
        var findings: [TopologyFinding]
        var notSeen: [String]
        private enum CodingKeys: String, CodingKey { case findings, notSeen = "not_seen" }
    }
}
