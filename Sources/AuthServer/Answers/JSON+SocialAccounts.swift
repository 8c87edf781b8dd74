// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

// The headless API's JSON of providers and social accounts. Members without a value are omitted.

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
    /// A provider with stored accounts that is no longer configured.
    static func gone(provider id: String) -> JSONValue {
        ["id": .string(id), "name": .string(id), "flows": []]
    }
}

extension SocialAccount {
    /// The name of the profile, or else the id at the provider.
    var displayName: String { extraData.displayName ?? uid }

    /// The API's `ProviderAccount`.
    func json(_ provider: JSONValue) -> JSONValue {
        ["uid": .string(uid), "display": .string(displayName), "provider": provider]
    }
}

extension SocialSignUpProposal {
    /// The response of `auth/provider/signup`: the data of a user who has not signed up yet.
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
    /// The display name of a profile, as in allauth's `ProviderAccount.to_str`.
    fileprivate var displayName: String? {
        for name in ["username", "preferred_username", "login", "name", "email"] {
            if let text = self[name]?.string, !text.isEmpty { return text }
        }
        return nil
    }
}
