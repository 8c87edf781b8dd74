// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import ConformanceReplay
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// Replays the recorded flows against the executables: `serve` with mails in a folder, a RabbitMQ node and
    /// a worker. `AuthServerTests` replays them in memory, within a second.
    @Suite("The recorded flows of the headless API")
    struct ConformanceTests {
        @Test(arguments: try Scenario.all())
        func `a replayed scenario gives the recorded responses and signals`(scenario: Scenario) async throws {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(broker: broker.url, settings: scenario.environment)
            let worker = try await installation.consume(queue: scenario.name)
            let server = try await installation.serve()
            try await ScenarioReplay.run(
                scenario,
                against: RunningInstallation(installation: installation, server: server, worker: worker))
            try await server.program.stop()
            try await worker.program.stop()
        }
    }
}

/// An installation with a running server and worker.
private struct RunningInstallation: ScenarioServer {
    let installation: Installation
    let server: Server
    let worker: Worker

    func call(_ method: String, _ path: String, _ body: JSONValue?, token: String?) async throws
        -> (status: Int, body: JSONValue)
    {
        let json = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let answer = try await Answer(
            method, server.base + "/_allauth/app/v1" + path, json: json, token: token)
        return (answer.status, answer.body)
    }

    func newestMailed(_ part: ScenarioMailPart) async throws -> String {
        try await eventually("no mail is pending") {
            try await server.readiness().part("mail_pending") == "0"
        }
        let mail = installation.mails().last ?? ""
        return switch part {
        case .key:
            mail.firstMatch(of: /http:\/\/front\/[a-z-]+\/([A-Za-z0-9_:-]+)/).map { String($0.1) } ?? ""
        case .code: mail.firstMatch(of: /\b([A-Z]{4}-[A-Z]{4})\b/).map { String($0.1) } ?? ""
        }
    }

    func signals(atLeast count: Int) async throws -> [ReplayedSignal] {
        // The worker keeps the order per subject. A signal without a subject can come before or after others.
        try await worker.handled(atLeast: count).sorted { ($0.sequence ?? 0) < ($1.sequence ?? 0) }
            .map { ReplayedSignal(name: $0.signal, data: $0.data) }
    }

    func allSignals() async throws -> [ReplayedSignal] {
        try await eventually("all signals are published") {
            try await server.readiness().part("pending") == "0"
        }
        return try await signals(atLeast: 0)
    }
}
