// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import ConformanceReplay
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// The recorded flows, against our executables: a real `serve`, mails in its folder, a RabbitMQ node and
    /// the worker that handles what arrives there. `AuthServerTests` replays them in memory, in a second.
    @Suite("The recorded flows of the headless API")
    struct ConformanceTests {
        @Test(arguments: try Scenario.all())
        func `a scenario answers and signals as it was recorded`(scenario: Scenario) async throws {
            let broker = try await PrivateBroker.shared
            let installation = try Installation(broker: broker.url, settings: scenario.environment)
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

/// An installation whose programs all run.
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
        try await eventually("the mails are delivered") {
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
        // The worker keeps the order of one subject's signals; one of nobody's may come before or after them.
        try await worker.handled(atLeast: count).sorted { ($0.sequence ?? 0) < ($1.sequence ?? 0) }
            .map { ReplayedSignal(name: $0.signal, data: $0.data) }
    }

    func allSignals() async throws -> [ReplayedSignal] {
        try await eventually("everything is published") {
            try await server.readiness().part("pending") == "0"
        }
        return try await signals(atLeast: 0)
    }
}
