// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// Whom a provider has authenticated, in its words: nothing is stored yet.
public struct SocialIdentity: Sendable {
    /// ``SocialProvider/id``.
    public var provider: String
    /// The person's id at the provider; at most 191 code points.
    public var uid: String
    /// Lower case; the ones that the provider vouches for are `verified`.
    public var emailAddresses: [SocialEmailAddress]
    /// What a sign-up proposes.
    public var username: String?
    /// A name for a person to read, where the provider gave one.
    public var name: String?
    /// The profile, as the provider sent it; no token in it.
    public var extraData: JSONValue
    public var token: ProviderToken?
    /// The ID token that proved it, if an application brought one that may be used once: the flow refuses it
    /// the second time, in whichever process that is.
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

    /// The longest id of a person, code points: allauth's `UID_MAX_LENGTH`.
    public static let longestUID = 191
}

/// An address that a provider tells.
public struct SocialEmailAddress: Hashable, Sendable, Codable {
    /// As ``EmailAddress/normalized(_:)`` has it.
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

/// What a provider's token end-point gave (RFC 6749, section 5.1). Not `Encodable`: it is stored, and put on
/// the wire, sealed only.
public struct ProviderToken: Sendable {
    public var accessToken: TokenText
    public var tokenType: String
    /// As granted; nil where the provider did not say.
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
