// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The identity of a user as the provider sent it; nothing of it is stored yet.
public struct SocialIdentity: Sendable {
    /// ``SocialProvider/id``.
    public var provider: String
    /// The user's id at the provider; at most 191 code points.
    public var uid: String
    /// In lower case; those that the provider vouches for are `verified`.
    public var emailAddresses: [SocialEmailAddress]
    /// The username that a sign-up proposes.
    public var username: String?
    /// The display name, if the provider sent one.
    public var name: String?
    /// The profile, as the provider sent it; it contains no token.
    public var extraData: JSONValue
    public var token: ProviderToken?
    /// The ID token that proved the identity, if an application sent one that may be used only once. The flow refuses
    /// it the second time, in any process.
    public var oneTimeToken: OneTimeToken?

    public init(
        provider: String, uid: String, emailAddresses: [SocialEmailAddress] = [], username: String? = nil,
        name: String? = nil, extraData: JSONValue = .object([:]), token: ProviderToken? = nil,
        oneTimeToken: OneTimeToken? = nil
    ) {
        self.provider = provider
        self.uid = uid
        self.emailAddresses = emailAddresses
        self.username = username
        self.name = name
        self.extraData = extraData
        self.token = token
        self.oneTimeToken = oneTimeToken
    }

    /// The longest ``uid``, in code points: allauth's `UID_MAX_LENGTH`.
    public static let longestUID = 191
}

/// An address that a provider sent.
public struct SocialEmailAddress: Hashable, Sendable, Codable {
    /// In the form of ``EmailAddress/normalized(_:)``.
    public var email: String
    /// Whether the provider vouches for it.
    public var verified: Bool
    public var primary: Bool

    public init(email: String, verified: Bool, primary: Bool = false) {
        self.email = EmailAddress.normalized(email)
        self.verified = verified
        self.primary = primary
    }
}

/// The text of a token that a provider issued.
public struct TokenText: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}

/// The response of a provider's token endpoint (RFC 6749, section 5.1). Not `Encodable`, because it must be sealed
/// before it is stored or sent.
public struct ProviderToken: Sendable {
    public var accessToken: TokenText
    public var tokenType: String
    /// The granted scope; nil if the provider did not send it.
    public var scope: String?
    public var refreshToken: TokenText?
    public var expiresAt: Date?

    public init(
        accessToken: TokenText, tokenType: String = "Bearer", scope: String? = nil,
        refreshToken: TokenText? = nil, expiresAt: Date? = nil
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.scope = scope
        self.refreshToken = refreshToken
        self.expiresAt = expiresAt
    }
}
