// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// An OAuth 2 provider as data: its end-points, its requests, and the mapping of its profile.
///
/// ```swift
/// let github = OAuth2Provider(.github(), app: SocialApp(clientID: id, secret: secret), http: client)
/// ```
public struct OAuth2Definition: Sendable {
    /// Fetches the profile.
    public typealias Fetch = @Sendable (ProviderCalls) async throws(SocialProviderError) -> JSONValue
    /// Checks that an access token sent by an application was issued to this client; throws otherwise.
    public typealias AudienceCheck = @Sendable (ProviderCalls) async throws(SocialProviderError) -> Void

    /// The id of the provider, the same as in allauth, so that imported accounts are found.
    public var id: String
    public var name: String
    public var authorizationEndpoint: URL
    public var tokenEndpoint: URL
    public var profileEndpoint: URL
    /// The requested scopes if none are configured.
    public var scope: [String] = []
    /// Further scopes that are requested if addresses are wanted.
    public var emailScope: [String] = []
    public var scopeSeparator = " "
    public var authentication: ClientAuthentication = .post
    /// Whether PKCE is used. Providers without PKCE ignore its members (RFC 6749, section 3.1); false for those that
    /// reject them.
    public var usesPKCE = true
    public var authorizationParameters: [String: String] = [:]
    /// Sent with each request to the token and profile end-points.
    public var headers: @Sendable (SocialApp) -> [String: String] = { _ in [:] }
    /// Fetches the profile; by default from the profile end-point.
    public var fetch: Fetch
    /// Checks that an access token was issued to this client, before a profile is fetched with it. An access token
    /// names no audience, so without such a check the token of any other site could log in. Nil: access tokens are not
    /// accepted.
    public var audienceCheck: AudienceCheck?
    /// The source of ID tokens that are also accepted; nil for none.
    public var idTokens: IDTokenSource?
    public var profile: @Sendable (JSONValue) -> Profile

    public init(
        id: String, name: String, authorizationEndpoint: URL, tokenEndpoint: URL, profileEndpoint: URL,
        profile: @escaping @Sendable (JSONValue) -> Profile
    ) {
        self.id = id
        self.name = name
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.profileEndpoint = profileEndpoint
        self.profile = profile
        fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            try await calls.get(profileEndpoint)
        }
    }

    /// Whether plain HTTP was configured.
    var allowsPlainHTTP: Bool { tokenEndpoint.scheme == "http" && profileEndpoint.scheme == "http" }
}

/// The source of ID tokens of a provider that otherwise uses OAuth 2.
public struct IDTokenSource: Sendable {
    public var issuer: String
    public var keysEndpoint: URL
    /// Maps the claims to the form of the profile end-point's response.
    public var profile: @Sendable (JSONValue) -> JSONValue

    public init(
        issuer: String, keysEndpoint: URL, profile: @escaping @Sendable (JSONValue) -> JSONValue
    ) {
        self.issuer = issuer
        self.keysEndpoint = keysEndpoint
        self.profile = profile
    }
}
