// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// Somebody whom a provider has authenticated and who has no account yet: what waits for their form.
///
/// A token of the provider's is sealed within, though the session's state is sealed as a whole.
public struct PendingSocialSignup: Hashable, Sendable, Codable {
    public var provider: String
    public var uid: String
    public var emailAddresses: [SocialEmailAddress]
    public var username: String?
    public var name: String?
    public var extraData: JSONValue
    public var sealedToken: Data?
    /// It lapses `ACCOUNT_LOGIN_TIMEOUT` after this.
    public var startedAt: Date

    /// - Throws: what sealing throws.
    init(_ identity: SocialIdentity, keys: KeyRing, at now: Date) throws {
        provider = identity.provider
        uid = identity.uid
        emailAddresses = identity.emailAddresses
        username = identity.username
        name = identity.name
        extraData = identity.extraData
        sealedToken = try identity.token?.sealed(with: keys, context: Self.context(identity.provider))
        startedAt = now
    }

    /// Whom the provider has authenticated.
    ///
    /// - Throws: ``KeyRingError`` where the token cannot be opened.
    func identity(_ keys: KeyRing) throws -> SocialIdentity {
        SocialIdentity(
            provider: provider, uid: uid, emailAddresses: emailAddresses, username: username, name: name,
            extraData: extraData,
            token: try sealedToken.map {
                try ProviderToken(opening: $0, with: keys, context: Self.context(provider))
            })
    }

    private static func context(_ provider: String) -> String { "sign-up by \(provider)" }
}
