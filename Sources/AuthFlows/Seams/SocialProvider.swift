// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A configured identity provider: allauth's `Provider` with its `SocialApp`.
///
/// An implementation talks to the provider and keeps no state about a user: the flows keep the state of a redirect
/// in the session. It is never called within a transaction.
public protocol SocialProvider: Sendable {
    /// The id in stored accounts and in the API: `google`, or the configured id of an OpenID Connect issuer. 1 to 200
    /// bytes of `a-z`, `0-9`, `-`, `_` and `.`.
    var id: String { get }
    /// The name that users see.
    var name: String { get }
    /// The OAuth 2.0 client id of this service at the provider; nil if the provider has no client ids.
    var clientID: String? { get }
    /// The flows that it supports.
    var ways: Set<SocialProviderWay> { get }
    /// The address of its discovery document, for clients that talk to the provider themselves
    /// (`openid_configuration_url` of the headless API); nil if it has none.
    var discoveryURL: URL? { get }
    /// The settings of this provider that apply to the flows.
    var policy: SocialProviderPolicy { get }

    /// The address to redirect the browser to (RFC 6749, section 4.1.1, with PKCE of RFC 7636).
    func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL

    /// Redeems the authorization code of a callback.
    func identity(for callback: AuthorizationCallback) async throws(SocialProviderError) -> SocialIdentity

    /// Verifies a token that an application got from the provider by itself.
    func identity(for token: TokenLogin) async throws(SocialProviderError) -> SocialIdentity
}

/// A flow that a provider supports, as the headless API's configuration names it.
public enum SocialProviderWay: String, Hashable, Sendable, CaseIterable {
    case redirect = "provider_redirect"
    case token = "provider_token"
}

/// The settings of one provider that apply to the flows.
public struct SocialProviderPolicy: Hashable, Sendable {
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION` for this provider.
    public var emailAuthentication: Bool?
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT` for this provider.
    public var emailAuthenticationAutoConnect: Bool?
    /// allauth's `VERIFIED_EMAIL`: whether all addresses from the provider count as verified. The provider applies
    /// it itself, in `SocialIdentity.emailAddresses`; here it is only for display.
    public var verifiedEmail = false
    /// The path prefix before the provider's id in the callback URL: `SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX`; nil
    /// for none.
    public var callbackPrefix: String?

    public init() {}
}

/// The parameters of an authorization request.
public struct AuthorizationRequest: Sendable {
    /// The callback on this server that the provider redirects the browser to.
    public var redirectURI: URL
    /// Bound to the session; single use.
    public var state: String
    /// `S256` of the verifier (RFC 7636, section 4.2).
    public var codeChallenge: String
    /// OpenID Connect Core, section 3.1.2.1.
    public var nonce: String
    /// Scopes beyond the configured ones.
    public var scope: [String]

    public init(
        redirectURI: URL, state: String, codeChallenge: String, nonce: String, scope: [String] = []
    ) {
        self.redirectURI = redirectURI
        self.state = state
        self.codeChallenge = codeChallenge
        self.nonce = nonce
        self.scope = scope
    }
}

/// The parameters of a callback from a provider, with the state that was kept for it.
public struct AuthorizationCallback: Sendable {
    /// The parameters of the query, or of the form for Apple's `form_post`: `code` or `error`, and others.
    public var parameters: [String: String]
    /// The one of the authorization request.
    public var redirectURI: URL
    public var codeVerifier: String
    public var nonce: String

    public init(parameters: [String: String], redirectURI: URL, codeVerifier: String, nonce: String) {
        self.parameters = parameters
        self.redirectURI = redirectURI
        self.codeVerifier = codeVerifier
        self.nonce = nonce
    }
}

/// Tokens that an application got from a provider by itself: `token` of the headless API.
public struct TokenLogin: Sendable {
    /// The client id that the token was issued for; refused if it is not a configured one.
    public var clientID: String?
    public var idToken: TokenText?
    public var accessToken: TokenText?

    public init(clientID: String?, idToken: TokenText? = nil, accessToken: TokenText? = nil) {
        self.clientID = clientID
        self.idToken = idToken
        self.accessToken = accessToken
    }
}

/// Why a log-in by a provider has failed.
public struct SocialProviderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error; an open set.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// `error` in the query of the front end's address, for `unknown`, `cancelled`, `denied`: allauth's
        /// `AuthError`.
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The user cancelled the log-in (`access_denied` and similar errors).
        public static let cancelled = Code(rawValue: "cancelled")
        /// The provider, or its policy, refused the log-in.
        public static let denied = Code(rawValue: "denied")
        /// The provider is unreachable or too slow, or its response is too large.
        public static let unreachable = Code(rawValue: "unreachable")
        /// A token or its claims are invalid.
        public static let invalidToken = Code(rawValue: "invalid_token")
        /// This provider does not support the flow.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Anything else.
        public static let unknown = Code(rawValue: "unknown")
    }

    public var code: Code
    /// The error text for the log, without tokens, codes or personal data.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
