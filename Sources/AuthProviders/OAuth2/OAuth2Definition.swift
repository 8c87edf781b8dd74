// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// A provider of OAuth 2 as data: where it lives, what it is asked, and what its profile means.
///
/// ```swift
/// let github = OAuth2Provider(.github(), app: SocialApp(clientID: id, secret: secret), http: client)
/// ```
public struct OAuth2Definition: Sendable {
    /// Fetches the profile.
    public typealias Fetch = @Sendable (ProviderCalls) async throws(SocialProviderError) -> JSONValue
    /// Tells whether an access token that an application brought was issued to this client; throws where not.
    public typealias AudienceCheck = @Sendable (ProviderCalls) async throws(SocialProviderError) -> Void

    /// allauth's id of the provider, so that accounts that were imported from it are found.
    public var id: String
    public var name: String
    public var authorizationEndpoint: URL
    public var tokenEndpoint: URL
    public var profileEndpoint: URL
    /// Asked for where nothing is configured.
    public var scope: [String] = []
    /// Asked for beside it, where addresses are wanted.
    public var emailScope: [String] = []
    public var scopeSeparator = " "
    public var authentication: ClientAuthentication = .post
    /// Providers that do not know PKCE pass over its members (RFC 6749, section 3.1); false where they do
    /// not.
    public var usesPKCE = true
    public var authorizationParameters: [String: String] = [:]
    /// Sent with each request to the token and profile end-points.
    public var headers: @Sendable (SocialApp) -> [String: String] = { _ in [:] }
    /// By default what the profile end-point answers.
    public var fetch: Fetch
    /// Checks that an access token was issued to this client, before a profile is asked with it: an access
    /// token names no audience, so that without such a check the token of any other site would log in. Nil:
    /// access tokens are not taken.
    public var audienceCheck: AudienceCheck?
    /// Whose ID tokens are taken beside it; nil: none.
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

/// ID tokens of a provider that is asked by OAuth 2 otherwise.
public struct IDTokenSource: Sendable {
    public var issuer: String
    public var keysEndpoint: URL
    /// Makes of the claims what the profile end-point would have answered.
    public var profile: @Sendable (JSONValue) -> JSONValue

    public init(
        issuer: String, keysEndpoint: URL, profile: @escaping @Sendable (JSONValue) -> JSONValue
    ) {
        self.issuer = issuer
        self.keysEndpoint = keysEndpoint
        self.profile = profile
    }
}
