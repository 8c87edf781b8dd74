// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation
import Testing

/// An entry of `flows.json`: a recorded flow as HTTP steps, each with its expected response and signals. A new
/// scenario is another entry.
package struct Scenario: Decodable, Sendable, CustomTestStringConvertible {
    package struct Step: Decodable, Sendable {
        package var step: String
        /// Whether the client sends its session token.
        package var session: Bool
        package var method: String
        package var path: String
        package var body: JSONValue?
        package var expect: Expectation
    }

    package struct Expectation: Decodable, Sendable {
        package var status: Int
        package var isAuthenticated: Bool?
        package var pending: [String]
        package var errorCodes: [String]
        package var signals: [ReplayedSignal]
        private enum CodingKeys: String, CodingKey {
            case status, isAuthenticated = "is_authenticated", pending, errorCodes = "error_codes", signals
        }
    }

    package var name = ""
    package var settings: [String: JSONValue]
    package var steps: [Step]
    private enum CodingKeys: String, CodingKey { case settings, steps }

    package var testDescription: String { name }

    /// All scenarios, sorted by name; those with a provider use the dummy provider.
    package static func all() throws -> [Scenario] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "flows.json")
        let table = try JSONDecoder().decode([String: Scenario].self, from: Data(contentsOf: file))
        return table.map { name, scenario in
            var scenario = scenario
            scenario.name = name
            return scenario
        }
        .sorted { $0.name < $1.name }
    }

    /// The scenario's settings and the common ones, as environment variables.
    package var environment: [String: String] {
        var environment = [
            "HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL": "http://front/verify-email/{key}",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY": "http://front/reset/{key}",
            "ACCOUNT_RATE_LIMITS": "false", "SOCIALACCOUNT_DUMMY": "true",
        ]
        // The password validators that it names are the only ones that exist here.
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

/// The parts of a signal that a scenario compares.
package struct ReplayedSignal: Decodable, Sendable {
    package var name: String
    package var data: JSONValue

    package init(name: String, data: JSONValue) {
        self.name = name
        self.data = data
    }
}
