// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A provider of identities, as it is configured: allauth's `Provider` with its `SocialApp`.
///
/// An implementation talks to the provider and holds nothing of a visitor's: what a visit to the provider has
/// to remember, the flows keep with the session. It is never called within a transaction.
public protocol SocialProvider: Sendable {
    /// What accounts are stored under and clients call it by: `google`, or an OpenID Connect issuer's own id.
    /// 1 to 200 bytes of `a-z`, `0-9`, `-`, `_` and `.`.
    var id: String { get }
    /// For a person to read.
    var name: String { get }
    /// What this service is called at the provider; nil where there is no such thing.
    var clientID: String? { get }
    /// Which ways in it offers.
    var ways: Set<SocialProviderWay> { get }
    /// Its discovery document, for clients that ask it themselves (`openid_configuration_url` of the headless
    /// API); nil where it has none.
    var discoveryURL: URL? { get }
    /// The settings of this provider that the flows obey.
    var policy: SocialProviderPolicy { get }

    /// Where to send the browser (RFC 6749, section 4.1.1, with PKCE of RFC 7636).
    func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL

    /// Redeems what the browser came back with.
    func identity(for callback: AuthorizationCallback) async throws(SocialProviderError) -> SocialIdentity

    /// Verifies a token that an application got from the provider by itself.
    func identity(for token: TokenLogin) async throws(SocialProviderError) -> SocialIdentity
}

/// A way in that a provider offers: a flow of the headless API's configuration.
public enum SocialProviderWay: String, Hashable, Sendable, CaseIterable {
    case redirect = "provider_redirect"
    case token = "provider_token"
}

/// The settings of one provider that the flows obey.
public struct SocialProviderPolicy: Hashable, Sendable {
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION` for this provider.
    public var emailAuthentication: Bool?
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT` for this provider.
    public var emailAuthenticationAutoConnect: Bool?
    /// allauth's `VERIFIED_EMAIL`: what the provider says of an address is taken as proof that it is the
    /// person's. It does so itself in `SocialIdentity.emailAddresses`; kept here for what is shown.
    public var verifiedEmail = false
    /// What stands before the provider's id in the callback that it is told:
    /// `SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX`; nil: nothing.
    public var callbackPrefix: String?

    public init() {}
}

/// What the flows ask of an authorization request.
public struct AuthorizationRequest: Sendable {
    /// Where the provider sends the browser back to: this server's callback.
    public var redirectURI: URL
    /// Bound to the session; single use.
    public var state: String
    /// `S256` of the verifier (RFC 7636, section 4.2).
    public var codeChallenge: String
    /// OpenID Connect Core, section 3.1.2.1.
    public var nonce: String
    /// Beyond what is configured.
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

/// What the browser came back with, and what was remembered for it.
public struct AuthorizationCallback: Sendable {
    /// The query's, or for Apple's `form_post` the form's, members: `code`, or `error`, and what else came.
    public var parameters: [String: String]
    /// The one that was asked with.
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
    /// The client that the token is for; refused where it is not a configured one.
    public var clientID: String?
    public var idToken: TokenText?
    public var accessToken: TokenText?

    public init(clientID: String?, idToken: TokenText? = nil, accessToken: TokenText? = nil) {
        self.clientID = clientID
        self.idToken = idToken
        self.accessToken = accessToken
    }
}

/// Why a provider's answer leads nowhere.
public struct SocialProviderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong; open.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// `error` in the query of the front end's address, for `unknown`, `cancelled`, `denied`: allauth's
        /// `AuthError`.
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The person changed their mind (`access_denied` and its like).
        public static let cancelled = Code(rawValue: "cancelled")
        /// The provider, or its policy, said no.
        public static let denied = Code(rawValue: "denied")
        /// The provider cannot be reached, is slow, or answers too much.
        public static let unreachable = Code(rawValue: "unreachable")
        /// A token or its claims are not what they must be.
        public static let invalidToken = Code(rawValue: "invalid_token")
        /// The way in is not offered by this provider.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Anything else.
        public static let unknown = Code(rawValue: "unknown")
    }

    public var code: Code
    /// For the log: what happened, without tokens, codes or anything personal.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}
