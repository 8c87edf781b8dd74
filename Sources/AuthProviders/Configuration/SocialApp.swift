// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// The registration of this service at a provider, with its settings: allauth's `SocialApp`.
public struct SocialApp: Sendable {
    /// The provider id that accounts are stored under; nil for the kind's own, such as `google`.
    public var id: String?
    /// The display name; nil for the kind's own.
    public var name: String?
    public var clientID: String
    /// Nil for a public client (RFC 6749, section 2.1).
    public var secret: ClientSecret?
    /// Further clients of the same owner, such as a phone app, whose tokens are accepted too.
    public var otherClientIDs: [String] = []
    /// The requested scopes; nil for the kind's own.
    public var scope: [String]?
    /// `SOCIALACCOUNT_QUERY_EMAIL`: whether the kind's own scope includes addresses.
    public var queriesEmail = true
    /// How the client authenticates at the token end-point; nil for the kind's default.
    public var authentication: ClientAuthentication?
    /// PKCE (RFC 7636); nil means on, except for kinds that do not work with it.
    public var usesPKCE: Bool?
    /// Further members of the authorization request: `hd`, `prompt`.
    public var authorizationParameters: [String: String] = [:]
    /// The profile member that contains the person's id; nil for the kind's own.
    public var uidField: String?
    /// Which addresses count as verified, in addition to those that the provider has verified.
    public var verifiedEmail: VerifiedEmail = .asTold
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION`.
    public var emailAuthentication: Bool?
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT`.
    public var emailAuthenticationAutoConnect: Bool?
    /// The path segment before the provider's id in the callback URL: `oidc` for `/accounts/oidc/ID/login/callback/`,
    /// as in
    /// allauth for `openid_connect`. Nil for none.
    public var callbackPrefix: String?

    public init(clientID: String, secret: ClientSecret? = nil) {
        self.clientID = clientID
        self.secret = secret
    }

    /// The audiences that a token sent by an application may have: the client that the application names, or all.
    ///
    /// - Throws: ``SocialProviderError`` if the named client is neither this one nor one of ``otherClientIDs``.
    func audiences(of login: TokenLogin) throws(SocialProviderError) -> [String] {
        let clients = [clientID] + otherClientIDs
        guard let named = login.clientID else { return clients }
        guard clients.contains(named) else {
            throw SocialProviderError(.invalidToken, "the request names another client for the token")
        }
        return [named]
    }

    /// The settings that the flows apply.
    var policy: SocialProviderPolicy {
        var policy = SocialProviderPolicy()
        policy.emailAuthentication = emailAuthentication
        policy.emailAuthenticationAutoConnect = emailAuthenticationAutoConnect
        policy.verifiedEmail = verifiedEmail == .all
        policy.callbackPrefix = callbackPrefix
        return policy
    }
}

/// The secret of a client (RFC 6749, section 2.3.1).
public struct ClientSecret: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}

/// Which addresses count as verified although the provider does not say so: allauth's `verified_email`.
public enum VerifiedEmail: Hashable, Sendable {
    /// Only addresses that the provider has verified.
    case asTold
    /// Every address that this provider sends.
    case all
    /// Addresses of these domains, in A-labels and lower case.
    case domains(Set<String>)

    /// Whether an address counts as verified by this setting.
    func covers(_ email: String) -> Bool {
        switch self {
        case .asTold: false
        case .all: true
        case .domains(let domains):
            EmailAddress.key(of: email).split(separator: "@").last.map { domains.contains(String($0)) }
                ?? false
        }
    }
}
