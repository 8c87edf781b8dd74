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
            consumer, and permissions. Settings: BROKER_URL, BROKER_EXCHANGE, BROKER_MANAGEMENT_URL,
            SIGNALS_REQUIRED. It ends with 1 where something is wrong.
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
        let management = ManagementAPI(reading: &reader, broker.urls[0])
        try reader.check()
        var findings = try await ProcessFailure.naming { try await seen(broker, topology) }
        if let management {
            let review = TopologyReview(
                try await management.inventory(), exchange: broker.exchange,
                virtualHost: broker.urls[0].virtualHost, publisher: broker.urls[0].user,
                consumers: topology.map { [$0] } ?? [], signals: SignalCatalog.all.map { $0.name },
                required: required)
            // It sees the same objects, and says of each argument what the broker says of one only.
            findings = findings.filter { $0.level == .note } + review.findings
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
                "exchange \(broker.exchange)", declare)
        ]
        if let topology {
            let declare = "start its worker, or \(declare) --queue \(topology.queue) --bind …"
            findings.append(
                finding(
                    try await admin.compare(exchange: topology.exchange, type: "direct"),
                    "exchange \(topology.exchange)", declare))
            for queue in topology.queues {
                findings.append(finding(try await admin.compare(queue), "queue \(queue.name)", declare))
            }
        }
        return findings.compactMap(\.self)
    }

    private func finding(_ state: DeclarationState, _ object: String, _ declare: String) -> TopologyFinding? {
        switch state {
        case .same: nil
        case .missing: TopologyFinding(.fault, object, "does not exist", fix: declare)
        case .different(let words):
            TopologyFinding(
                .fault, object, "was declared otherwise: \(words)",
                fix: "empty it, delete it and \(declare)")
        case .hidden:
            TopologyFinding(
                .note, object, "exists; its arguments cannot be seen by this user",
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
            print((try? report.jsonText()) ?? "")
            return
        }
        for finding in findings {
            print("\(finding.level.rawValue): \(finding.object) \(finding.what); fix: \(finding.fix)")
        }
        if findings.isEmpty { print("what can be seen is as the contract wants it") }
        if !hidden.isEmpty {
            print("not seen without BROKER_MANAGEMENT_URL: \(hidden.joined(separator: ", "))")
        }
    }

    private struct Report: Encodable {
        var findings: [TopologyFinding]
        var notSeen: [String]
        private enum CodingKeys: String, CodingKey { case findings, notSeen = "not_seen" }
    }
}
