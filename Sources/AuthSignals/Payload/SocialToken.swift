// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A provider's token in the clear; `sociallogin.token` is its sealed form.
///
/// It is not `Encodable`, and printing, interpolating or reflecting it does not reveal it, so that it cannot reach a
/// payload or a log by mistake. A ``TokenSealer`` seals it for a signal; a consumer's `TokenOpener` opens it.
///
/// Source: RFC 6749, section 5.1; allauth `socialaccount.SocialToken`.
public struct SocialToken: Hashable, Sendable {
    /// `access_token`. The name starts with `exposed` to make every use stand out in a review.
    public var exposedAccessToken: String
    /// `token_type`, usually `Bearer`.
    public var tokenType: String
    /// The granted `scope`, separated by spaces; nil if the provider did not report it.
    public var scope: String?
    /// `refresh_token`; on the wire only if `SIGNALS_TOKEN_REFRESH=true`.
    public var exposedRefreshToken: String?
    /// When the access token expires; nil if the provider did not report it.
    public var expiresAt: Date?

    public init(
        exposedAccessToken: String, tokenType: String = "Bearer", scope: String? = nil,
        exposedRefreshToken: String? = nil, expiresAt: Date? = nil
    ) {
        self.exposedAccessToken = exposedAccessToken
        self.tokenType = tokenType
        self.scope = scope
        self.exposedRefreshToken = exposedRefreshToken
        self.expiresAt = expiresAt
    }
}

extension SocialToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<SocialToken>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SocialToken {
    /// The members as the contract defines them: the plaintext that is sealed.
    struct Members: Codable {
        var accessToken: String
        var tokenType: String?
        var scope: String?
        var refreshToken: String?
        var expiresAt: Date?

        private enum CodingKeys: String, CodingKey {
            case accessToken = "access_token", tokenType = "token_type", scope
            case refreshToken = "refresh_token", expiresAt = "expires_at"
        }

        init(_ token: SocialToken, includingRefreshToken: Bool) {
            accessToken = token.exposedAccessToken
            tokenType = token.tokenType
            scope = token.scope
            refreshToken = includingRefreshToken ? token.exposedRefreshToken : nil
            expiresAt = token.expiresAt
        }

        var token: SocialToken {
            SocialToken(
                exposedAccessToken: accessToken, tokenType: tokenType ?? "Bearer", scope: scope,
                exposedRefreshToken: refreshToken, expiresAt: expiresAt)
        }
    }

    /// The JSON object that a sealer encrypts; it contains the token in the clear.
    public func exposedJSON(includingRefreshToken: Bool) throws -> Data {
        try SignalCodec.encoder().encode(Members(self, includingRefreshToken: includingRefreshToken))
    }

    /// Reads the output of ``exposedJSON(includingRefreshToken:)``; unknown members are ignored.
    public init(exposedJSON: Data) throws {
        self = try SignalCodec.decoder().decode(Members.self, from: exposedJSON).token
    }
}
