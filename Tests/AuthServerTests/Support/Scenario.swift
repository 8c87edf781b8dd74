// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

/// A recorded flow: steps over HTTP and what each answers and emits.
struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    var settings: [String: JSONValue]
    var steps: [Step]

    struct Step: Sendable, Decodable {
        var step: String
        /// Whether the client shows the session token that it holds.
        var session: Bool
        var method: String
        var path: String
        var body: JSONValue?
        var expect: Expectation
    }

    struct Expectation: Sendable, Decodable {
        var status: Int
        var is_authenticated: Bool?
        var pending: [String]
        var error_codes: [String]
        var signals: [Emitted]
    }

    struct Emitted: Sendable, Decodable {
        var name: String
        var data: JSONValue
    }

    var testDescription: String { name }

    /// Those that need neither social accounts nor a second factor.
    static let account: [Scenario] = {
        do {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let file = tests.appending(path: "EndToEndTests/Fixtures/flows.json")
            let all = try JSONDecoder().decode([String: File].self, from: Data(contentsOf: file))
            return all.filter { scenario in
                !scenario.value.steps.contains { $0.path.contains("/provider") || $0.path.contains("/2fa") }
            }
            .map { Scenario(name: $0.key, settings: $0.value.settings, steps: $0.value.steps) }
            .sorted { $0.name < $1.name }
        } catch {
            fatalError("the recorded flows cannot be read: \(error)")
        }
    }()

    private struct File: Decodable {
        var settings: [String: JSONValue]
        var steps: [Step]
    }

    /// Puts the scenario's settings to those of a test.
    func apply(to settings: inout AccountSettings) throws {
        for (name, value) in self.settings {
            let isOn = value == true
            switch name {
            case "ACCOUNT_EMAIL_VERIFICATION":
                settings.emailVerification = try #require(.init(rawValue: value.string ?? ""))
            case "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": settings.emailVerificationByCode = isOn
            case "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND":
                settings.emailVerificationResends = isOn ? 2 : 0
            case "ACCOUNT_CHANGE_EMAIL": settings.changeEmail = isOn
            case "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": settings.logoutOnPasswordChange = isOn
            case "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": settings.passwordResetByCode = isOn
            case "ACCOUNT_LOGIN_BY_CODE_ENABLED": settings.loginByCodeEnabled = isOn
            case "ACCOUNT_REAUTHENTICATION_REQUIRED": settings.reauthenticationRequired = isOn
            case "ACCOUNT_REAUTHENTICATION_TIMEOUT": settings.reauthenticationTimeout = value == 0 ? 0 : 300
            case "AUTH_PASSWORD_VALIDATORS": break
            default: throw UnknownSetting(name: name)
            }
        }
    }

    struct UnknownSetting: Error { var name: String }
}
