// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

// How the headless API shows providers and accounts at them. Members without a value are left out.

extension SocialProvider {
    /// The API's `Provider`.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "name": .string(name),
            "flows": .array(
                SocialProviderWay.allCases.filter(ways.contains).map { .string($0.rawValue) }),
        ]
        members["client_id"] = clientID.map { .string($0) }
        members["openid_configuration_url"] = discoveryURL.map { .string($0.absoluteString) }
        return .object(members)
    }
}

extension JSONValue {
    /// A provider that accounts are stored of and that is configured no more.
    static func gone(provider id: String) -> JSONValue {
        ["id": .string(id), "name": .string(id), "flows": []]
    }
}

extension SocialAccount {
    /// The API's `ProviderAccount`.
    func json(_ provider: JSONValue) -> JSONValue {
        ["uid": .string(uid), "display": .string(extraData.displayName ?? uid), "provider": provider]
    }
}

extension SocialSignUpProposal {
    /// What `auth/provider/signup` knows of somebody who is no user yet.
    func json(_ provider: JSONValue) -> JSONValue {
        let email = emailAddresses.proposal
        let display = JSONValue.string(username ?? name ?? email ?? uid)
        var user: [String: JSONValue] = ["display": display, "has_usable_password": false]
        user["email"] = email.map { .string($0) }
        user["username"] = username.map { .string($0) }
        return [
            "user": .object(user),
            "account": ["uid": .string(uid), "display": display, "provider": provider],
            "email": .array(
                emailAddresses.map { address in
                    [
                        "email": .string(address.email), "verified": .bool(address.verified),
                        "primary": .bool(address.primary),
                    ]
                }),
        ]
    }
}

extension JSONValue {
    /// What a profile calls its person: allauth's `ProviderAccount.to_str`.
    fileprivate var displayName: String? {
        for name in ["username", "preferred_username", "login", "name", "email"] {
            if let text = self[name]?.string, !text.isEmpty { return text }
        }
        return nil
    }
}
