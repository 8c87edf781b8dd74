// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// Replays recorded flows over HTTP: every status, pending flow, error code and signal, in order. A new
    /// scenario is one more entry of `Fixtures/flows.json`.
    @Suite("The recorded flows of the headless API")
    struct ConformanceTests {
        @Test(arguments: Scenario.all)
        func `a scenario answers and signals as it was recorded`(scenario: Scenario) async throws {
            let broker = try await PrivateBroker.shared
            let installation = try Installation(broker: broker.url, settings: scenario.environment)
            let worker = try await installation.consume(queue: scenario.name)
            let server = try await installation.serve()
            var replay = Replay(installation: installation, server: server, worker: worker)
            for step in scenario.steps {
                try await replay.run(step)
            }
            // What comes late would come before what is sent now.
            try await replay.nothingMore()
            try await server.program.stop()
            try await worker.program.stop()
        }
    }
}

/// A client that goes through the steps of one scenario.
private struct Replay {
    let installation: Installation
    let server: Server
    let worker: Worker
    var token: String?
    var signals = 0

    mutating func run(_ step: Scenario.Step) async throws {
        if !step.session { token = nil }
        var json: String?
        if let body = step.body, body != .null { json = try await fill(body.encoded()) }
        let answer = try await Answer(
            step.method, server.base + "/_allauth/app/v1" + step.path, json: json, token: token)
        let where_ = "step “\(step.step)”: \(answer.text)"
        #expect(answer.status == step.expect.status, "\(where_)")
        #expect(answer.isAuthenticated == step.expect.isAuthenticated, "\(where_)")
        #expect(answer.pending == step.expect.pending, "\(where_)")
        #expect(answer.errorCodes == step.expect.errorCodes, "\(where_)")
        if answer.status == 410 { token = nil } else if let new = answer.token { token = new }
        try await compare(step)
    }

    private mutating func compare(_ step: Scenario.Step) async throws {
        let expected = step.expect.signals
        let all = try await worker.handled(atLeast: signals + expected.count)
        let new = Array(all[signals..<(signals + expected.count)])
        signals += expected.count
        // A mail's signal has no place among the others; all others keep theirs.
        let late = EmailConfirmationSent.name.rawValue
        let names = { (list: [String]) in list.filter { $0 != late } + list.filter { $0 == late } }
        #expect(names(new.map(\.signal)) == names(expected.map(\.name)), "step “\(step.step)”")
        for signal in expected {
            #expect(
                new.contains { $0.signal == signal.name && $0.data.contains(signal.data) },
                "step “\(step.step)”: \(signal.name) with \(signal.data) among \(new.map(\.data))")
        }
    }

    /// Puts what the newest mail says into a body.
    private func fill(_ body: String) async throws -> String {
        guard body.contains("{{") else { return body }
        let answer = try await eventually("the mails are delivered") {
            let answer = try await server.readiness()
            return answer.part("mail_pending") == "0" ? answer : nil
        }
        #expect(answer.status == 200)
        let mail = installation.mails().last ?? ""
        let key = mail.firstMatch(of: /http:\/\/front\/[a-z-]+\/([A-Za-z0-9_:-]+)/).map { String($0.1) }
        let code = mail.firstMatch(of: /\b([A-Z]{4}-[A-Z]{4})\b/).map { String($0.1) }
        return body.replacing("{{the key in the newest mail's link}}", with: key ?? "no key")
            .replacing("{{the code in the newest mail}}", with: code ?? "no code")
    }

    func nothingMore() async throws {
        _ = try await eventually("everything is published") {
            try await server.readiness().part("pending") == "0" ? true : nil
        }
        #expect(worker.handled().count == signals, "\(worker.handled().dropFirst(signals).map(\.signal))")
    }
}

/// An entry of `flows.json`.
struct Scenario: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
        var step: String
        var session: Bool
        var method: String
        var path: String
        var body: JSONValue?
        var expect: Expectation
    }
    struct Expectation: Decodable, Sendable {
        var status: Int
        var isAuthenticated: Bool?
        var pending: [String]
        var errorCodes: [String]
        var signals: [ExpectedSignal]
        private enum CodingKeys: String, CodingKey {
            case status, isAuthenticated = "is_authenticated", pending, errorCodes = "error_codes", signals
        }
    }
    struct ExpectedSignal: Decodable, Sendable {
        var name: String
        var data: JSONValue
    }

    var settings: [String: JSONValue]
    var steps: [Step]
    var name = ""
    private enum CodingKeys: String, CodingKey { case settings, steps }

    var testDescription: String { name }

    /// The scenarios of the account flows; social ones need a provider.
    static let all: [Scenario] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/flows.json")
        let table = try! JSONDecoder().decode([String: Scenario].self, from: Data(contentsOf: file))
        return table.map { name, scenario in
            var scenario = scenario
            scenario.name = name
            return scenario
        }.filter { !$0.name.hasPrefix("social_") && !$0.name.hasPrefix("mfa_") }.sorted { $0.name < $1.name }
    }()

    var environment: [String: String] {
        var environment = [
            "HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL": "http://front/verify-email/{key}",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY": "http://front/reset/{key}",
        ]
        for (name, value) in settings where name != "AUTH_PASSWORD_VALIDATORS" {
            switch value {
            case .bool(let on): environment[name] = on ? "true" : "false"
            case .integer(let number): environment[name] = "\(number)"
            case .string(let text): environment[name] = text
            default: Issue.record("the setting \(name) has a value that cannot be replayed")
            }
        }
        return environment
    }
}

extension JSONValue {
    /// Whether every member of the other is here, at any depth.
    func contains(_ other: JSONValue) -> Bool {
        guard case .object(let members) = other else { return self == other }
        return members.allSatisfy { name, value in self[name]?.contains(value) ?? (value == .null) }
    }

    func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
}
