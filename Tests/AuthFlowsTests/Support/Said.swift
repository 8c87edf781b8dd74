// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB

/// A committed signal.
struct Said: Sendable {
    var name: SignalName
    var subject: String?
    var correlationID: UUID
    var data: JSONValue

    init(_ row: OutboxRow) throws {
        name = row.draft.name
        subject = row.draft.subject
        correlationID = row.draft.correlationID
        data = try SignalCodec.decoder().decode(JSONValue.self, from: row.draft.data)
    }

    /// The name without its prefix, and the members that matter to the tests.
    var text: String {
        let word = name.rawValue.split(separator: ".").last.map(String.init) ?? ""
        let details: [String?] =
            switch name {
            case "account.authentication_step_completed":
                [data["method"]?.string, data["reauthenticated"]?.bool == true ? "reauthenticated" : nil]
            case "account.email_confirmation_sent":
                [
                    data["confirmation"]?["method"]?.string, data["signup"]?.bool == true ? "signup" : nil,
                    address(data["confirmation"]?["email_address"]),
                ]
            case "account.login_failed": [data["method"]?.string, data["reason"]?.string]
            case "usersessions.session_ended": [data["reason"]?.string]
            case "usersessions.session_client_changed":
                [
                    client(data["from_client"]), "to", client(data["to_client"]),
                ]
            case "account.email_added", "account.email_confirmed", "account.email_removed",
                "account.signup_completed":
                [address(data["email_address"])]
            case "account.email_changed":
                [address(data["from_email_address"]) ?? "none", "to", address(data["to_email_address"])]
            case "account.login_code_rejected", "account.password_reset_code_rejected",
                "account.email_verification_code_rejected":
                [data["last_attempt"]?.bool == true ? "last" : "not last"]
            case "socialaccount.pre_social_login":
                [
                    data["outcome"]?.string, data["reason"]?.string,
                    data["sociallogin"]?["process"]?.string == "login"
                        ? nil : data["sociallogin"]?["process"]?.string,
                ]
            default: []
            }
        let shown = details.compactMap { $0 }
        return shown.isEmpty ? word : "\(word): \(shown.joined(separator: " "))"
    }

    private func client(_ value: JSONValue?) -> String {
        [value?["ip"]?.string, value?["user_agent"]?.string].compactMap { $0 }.joined(separator: " ")
    }

    private func address(_ value: JSONValue?) -> String? {
        guard let value, let email = value["email"]?.string else { return nil }
        let verified = value["verified"]?.bool == true ? " verified" : ""
        return email + verified + (value["primary"]?.bool == true ? " primary" : "")
    }
}

extension FlowResult {
    /// A short text of the result.
    var text: String {
        switch self {
        case .success(let value): (value as? any FlowValue)?.text ?? "done"
        case .unauthenticated(let pending):
            (["unauthenticated"] + pending.flows.map(\.rawValue)).joined(separator: " ")
        case .reauthenticationRequired: "reauthentication required"
        case .refused(let refusals):
            "refused "
                + refusals.map { $0.code.rawValue + ($0.field.map { " in \($0)" } ?? "") }.joined(
                    separator: ", ")
        case .conflict: "conflict"
        case .closed: "closed"
        case .gone: "gone"
        case .rateLimited: "rate limited"
        case .forbidden(let code): "forbidden \(code.rawValue)"
        }
    }

    /// The authentication, if a user is logged in.
    var authentication: Authentication? {
        guard case .success(let value) = self else { return nil }
        return switch value as any Sendable {
        case let authentication as Authentication: authentication
        case SocialLoginOutcome.authenticated(let authentication): authentication
        case PasswordResetMail.code(let authentication): authentication
        default: nil
        }
    }
}

/// A value of a flow with a short text. A flow without a value is `done`.
private protocol FlowValue {
    var text: String { get }
}

extension Authentication: FlowValue {
    fileprivate var text: String { "authenticated" }
}

extension ConfirmationMail: FlowValue {
    fileprivate var text: String { self == .sent ? "done" : "not sent" }
}

extension PasswordResetMail: FlowValue {
    fileprivate var text: String {
        switch self {
        case .link: "done"
        case .code: "authenticated"
        }
    }
}

extension SessionList: FlowValue {
    fileprivate var text: String { "\(sessions.count) sessions" }
}

extension User: FlowValue {
    fileprivate var text: String { "resettable" }
}

extension EmailConfirmationInfo: FlowValue {
    fileprivate var text: String { "confirmable \(email)" }
}

extension AuthorizationRedirect: FlowValue {
    fileprivate var text: String { "redirect \(url)" }
}

extension SocialLoginOutcome: FlowValue {
    fileprivate var text: String {
        switch self {
        case .authenticated: "authenticated"
        case .updated: "done"
        case .redirected(let url): "redirect \(url)"
        }
    }
}

extension SocialSignUpProposal: FlowValue {
    fileprivate var text: String { "sign-up of \(provider) \(uid)" }
}

/// An element of a flow's list.
private protocol FlowListElement {
    static func text(of list: [Self]) -> String
}

extension Array: FlowValue where Element: FlowListElement {
    fileprivate var text: String { Element.text(of: self) }
}

extension EmailAddress: FlowListElement {
    fileprivate static func text(of list: [EmailAddress]) -> String {
        list.map(\.text).joined(separator: ", ")
    }
}

extension SocialAccount: FlowListElement {
    fileprivate static func text(of list: [SocialAccount]) -> String {
        "accounts " + list.map { "\($0.provider) \($0.uid)" }.joined(separator: ", ")
    }
}

extension EmailAddress {
    var text: String { email + (verified ? " verified" : "") + (primary ? " primary" : "") }
}

extension AccountReading {
    /// The rows of the outbox as text, without signals that accompany others.
    func outboxContents() throws -> [String] {
        let others = SignalName.accompanying.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try rows(of: "auth_outbox", where: "name NOT IN (\(others))")
    }

    /// All rows of a table as text.
    func contents(of table: String) throws -> String {
        try rows(of: table, where: "true").joined(separator: "\n")
    }

    func count(of table: String) throws -> Int {
        if let sqlite { return try Int.fetchOne(sqlite, sql: "SELECT count(*) FROM \(table)") ?? 0 }
        let rows = try postgres?.query(PostgresStatement("SELECT count(*) FROM \(table)"))
        return Int(try rows?.first?.int(0) ?? 0)
    }

    private func rows(of table: String, where condition: String) throws -> [String] {
        if let sqlite {
            return try Row.fetchAll(sqlite, sql: "SELECT * FROM \(table) WHERE \(condition)").map(
                \.description)
        }
        // Without an order, an update would move a row.
        let rows = try postgres?.query(
            PostgresStatement("SELECT r::text FROM \(table) r WHERE \(condition) ORDER BY 1"))
        return try rows?.map { try $0.text(0) } ?? []
    }
}
