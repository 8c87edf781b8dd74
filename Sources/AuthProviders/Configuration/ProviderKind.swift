// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// A kind of provider that `SOCIALACCOUNT_PROVIDERS` can name.
struct ProviderKind: Sendable {
    /// What a kind makes of an entry.
    enum Definition: Sendable {
        case openID(OpenIDDefinition)
        case oauth2(OAuth2Definition)
    }

    /// allauth's id of it.
    let id: String
    /// Whose word on an address counts, for docs/providers.md.
    let trust: String
    /// Members of an entry that only this kind has, as the documentation shows them.
    let settings: [String]
    /// Nil where a fault was found; it is said in the entry.
    let definition: @Sendable (inout ProviderEntry) -> Definition?

    init(
        _ id: String, trust: String, settings: [String] = [],
        _ definition: @escaping @Sendable (inout ProviderEntry) -> Definition?
    ) {
        self.id = id
        self.trust = trust
        self.settings = settings
        self.definition = definition
    }

    static func named(_ id: String) -> ProviderKind? { all.first { $0.id == id } }
}
