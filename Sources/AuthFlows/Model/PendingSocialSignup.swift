// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A sign-up by a provider that waits for the user to submit its form.
///
/// The provider's token is sealed inside it, although the session's state is also sealed as a whole.
public struct PendingSocialSignup: Hashable, Sendable, Codable {
    public var provider: String
    public var uid: String
    public var emailAddresses: [SocialEmailAddress]
    public var username: String?
    public var name: String?
    public var extraData: JSONValue
    public var sealedToken: Data?
    /// It expires `ACCOUNT_LOGIN_TIMEOUT` after this.
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

    /// The identity from the provider.
    ///
    /// - Throws: ``KeyRingError`` if the token cannot be opened.
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
