// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// A kind of provider that `SOCIALACCOUNT_PROVIDERS` can name.
struct ProviderKind: Sendable {
    /// The definition that a kind creates from an entry.
    enum Definition: Sendable {
        case openID(OpenIDDefinition)
        case oauth2(OAuth2Definition)
    }

    /// The id of the kind, the same as in allauth.
    let id: String
    /// Which addresses count as verified, for docs/providers.md.
    let trust: String
    /// Members of an entry that only this kind has, as shown in the documentation.
    let settings: [String]
    /// Creates the definition; nil after an error, which is added to the entry.
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
