// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import AuthRelay
import AuthSignals
import Foundation

struct TopologyCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare the broker with the contract, without changing anything.",
        discussion: """
            Over AMQP it checks the signals' exchange and the exchange and queues of the consumer given with
            --queue, including their arguments. With BROKER_MANAGEMENT_URL it also checks bindings, limits, all
            other consumers, policies, in a cluster the members of quorum queues and, for an administrator,
            permissions; publishers are recognised by their permissions, or listed in BROKER_PUBLISHERS. Settings:
            BROKER_URL, BROKER_EXCHANGE, BROKER_MANAGEMENT_URL, BROKER_PUBLISHERS, SIGNALS_REQUIRED. The exit code
            is 1 if there are faults.
            """)

    @OptionGroup var consumer: ConsumerSelection

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let topology = try consumer.topology()
        var reader = ProcessEnvironment.settings()
        var broker = BrokerSettings(reading: &reader)
        broker.connectionName = "auth-signals operator"
        let required = RelaySettings(reading: &reader).required
        let publishers = Set(reader.list("BROKER_PUBLISHERS", default: []))
        let management = ManagementAPI(reading: &reader, broker.urls[0])
        try reader.check()
        let findings: [TopologyFinding]
        if let management {
            // The management API shows more than AMQP, so only the log-in is tested over AMQP.
            try await ProcessFailure.convertingBrokerErrors { try await BrokerAdmin(broker).check() }
            findings =
                TopologyReview(
                    try await management.inventory(), exchange: broker.exchange,
                    virtualHost: broker.urls[0].virtualHost, publishers: publishers,
                    consumers: topology.map { [$0] } ?? [], signals: SignalCatalog.all.map { $0.name },
                    required: required
                ).findings
        } else {
            findings = try await ProcessFailure.convertingBrokerErrors {
                try await findingsOverAMQP(broker, topology)
            }
        }
        show(findings, hidden: management == nil ? hidden(topology) : [])
        let faults = findings.count { $0.level == .fault }
        if faults > 0 {
            throw ProcessFailure(.failed, "the broker does not match the contract: \(faults) faults")
        }
    }

    /// The findings that can be made over AMQP alone.
    private func findingsOverAMQP(
        _ broker: BrokerSettings, _ topology: ConsumerTopology?
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
        _ state: DeclarationState, _ object: String, _ broker: BrokerSettings, _ declare: String
    ) -> TopologyFinding? {
        switch state {
        case .same: nil
        case .missing: TopologyFinding(.fault, object, "does not exist", fix: declare)
        case .different(let words):
            TopologyFinding(
                .fault, object, "was declared with different arguments: \(words)",
                fix: TopologyFinding.redeclaring(
                    object.replacing("queue ", with: ""), in: broker.urls[0].virtualHost, declare))
        case .hidden:
            TopologyFinding(
                .note, object, "is not visible to the user \(broker.urls[0].user)",
                fix: "use a user that may configure it, or set BROKER_MANAGEMENT_URL")
        }
    }

    private func hidden(_ topology: ConsumerTopology?) -> [String] {
        (topology == nil ? ["consumers (select one with --queue)"] : ["other consumers"])
            + ["bindings", "policies and limits", "members of quorum queues", "permissions"]
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
        if findings.isEmpty { printLine("no differences from the contract found") }
        if !hidden.isEmpty {
            printLine("not checked without BROKER_MANAGEMENT_URL: \(hidden.joined(separator: ", "))")
        }
    }

    private struct Report: Encodable {
        var findings: [TopologyFinding]
        var notSeen: [String]
        private enum CodingKeys: String, CodingKey { case findings, notSeen = "not_seen" }
    }
}
