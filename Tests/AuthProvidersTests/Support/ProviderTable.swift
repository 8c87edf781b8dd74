// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import JWTKit

@testable import AuthProviders

extension ProviderKind {
    /// The table in docs/providers.md, generated from the definitions so that it matches the code.
    static var table: String {
        var lines = [
            "| `provider` | | protocol | ways | addresses that are verified | own settings |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for kind in all {
            let row = kind.row
            lines.append(
                "| `\(kind.id)` | \(row.name) | \(row.protocolName) | \(row.ways) | \(kind.trust) | "
                    + kind.settings.map(Self.code).joined(separator: ", ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private var row: (name: String, protocolName: String, ways: String) {
        switch sample {
        case .openID(let definition):
            (
                id == "openid_connect" ? "any provider" : definition.name, "OpenID Connect",
                definition.ways.contains(.token) ? "redirect, token (`id_token`)" : "redirect"
            )
        case .oauth2(let definition):
            (
                id == "oauth2" ? "any provider" : definition.name, "OAuth 2",
                definition.audienceCheck == nil
                    ? "redirect" : "redirect, token (`access_token`, checked; `id_token`)"
            )
        case nil: ("", "", "")
        }
    }

    /// The definition with example settings.
    private var sample: Definition? {
        var entry = ProviderEntry(
            [
                "id": "example", "issuer": "https://id.example.org", "url": "https://id.example.org",
                "domain": "id.example.org", "application": "example", "realm": "example",
                "team_id": "TEAM", "key_id": "KEY",
                "private_key": .string(ES256PrivateKey().pemRepresentation),
                "authorization_endpoint": "https://id.example.org/authorize",
                "token_endpoint": "https://id.example.org/token",
                "profile_endpoint": "https://id.example.org/me",
            ], folder: URL(fileURLWithPath: "/"), environment: [:])
        return definition(&entry)
    }

    /// `url (Enterprise Server)` becomes `url` in code style, followed by the unchanged rest.
    private static func code(_ setting: String) -> String {
        let parts = setting.split(separator: " ", maxSplits: 1)
        return "`\(parts[0])`" + (parts.count > 1 ? " \(parts[1])" : "")
    }
}
