// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

// The headless API's JSON of accounts. Members without a value are omitted.

extension User {
    /// The API's `User`.
    func json(email: String?) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id.wireText),
            "display": .string(username ?? email ?? id.wireText),
            "has_usable_password": .bool(passwordHash != nil),
        ]
        members["email"] = email.map { .string($0) }
        members["username"] = username.map { .string($0) }
        return .object(members)
    }
}

extension Authentication {
    var json: JSONValue { .object(members) }

    /// `user`, and `methods`: the completed authentications, oldest first.
    var members: [String: JSONValue] {
        ["user": user.json(email: email), "methods": .array(methods.map(\.json))]
    }
}

extension AuthenticationRecord {
    /// An entry of `methods`; `at` is in seconds since 1970.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "method": .string(method.rawValue), "at": .number(at.timeIntervalSince1970),
        ]
        members["email"] = email.map { .string($0) }
        members["username"] = username.map { .string($0) }
        members["provider"] = provider.map { .string($0) }
        members["uid"] = uid.map { .string($0) }
        members["reauthenticated"] = reauthenticated.map { .bool($0) }
        return .object(members)
    }
}

extension EmailAddress {
    /// The API's `EmailAddress`.
    var json: JSONValue {
        ["email": .string(email), "primary": .bool(primary), "verified": .bool(verified)]
    }
}

extension Session {
    /// The API's `Session`; `id` is a string here, since our ids are UUIDs.
    func json(isCurrent: Bool) -> JSONValue {
        [
            "id": .string(id.wireText), "user_agent": .string(userAgent ?? ""), "ip": .string(ip ?? ""),
            "created_at": .number(createdAt.timeIntervalSince1970), "is_current": .bool(isCurrent),
            "last_seen_at": .number(lastSeenAt.timeIntervalSince1970),
        ]
    }
}

extension LoginFlows {
    /// The API's `config`.
    var json: JSONValue {
        let settings = accounts.settings
        let methods = AccountSettings.LoginMethod.allCases.filter(settings.loginMethods.contains).map(
            \.rawValue)
        return [
            "account": [
                // The older form of `login_methods`, which the API's description still requires.
                "authentication_method": .string(methods.sorted(by: >).joined(separator: "_")),
                "login_methods": .array(methods.map { .string($0) }),
                "is_open_for_signup": .bool(settings.signupOpen),
                "email_verification_by_code_enabled": .bool(settings.emailVerificationByCode),
                "login_by_code_enabled": .bool(settings.loginByCodeEnabled),
                "password_reset_by_code_enabled": .bool(settings.passwordResetByCode),
            ],
            "socialaccount": ["providers": .array(providers.map(\.json))],
            "usersessions": ["track_activity": true],
        ]
    }
}
