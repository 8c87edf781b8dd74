// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// This service as a provider knows it, and what is configured for the two: allauth's `SocialApp`.
public struct SocialApp: Sendable {
    /// What accounts are stored under; nil: the kind's own, `google`.
    public var id: String?
    /// For a person to read; nil: the kind's own.
    public var name: String?
    public var clientID: String
    /// Nil for a public client (RFC 6749, section 2.1).
    public var secret: ClientSecret?
    /// Further clients of the same owner, an app for a phone for one, whose tokens are accepted too.
    public var otherClientIDs: [String] = []
    /// Asked instead of the kind's own; nil: those.
    public var scope: [String]?
    /// `SOCIALACCOUNT_QUERY_EMAIL`: whether the kind's own scope asks for addresses.
    public var queriesEmail = true
    /// How the client proves itself at the token end-point; nil: as the kind has it.
    public var authentication: ClientAuthentication?
    /// PKCE (RFC 7636); nil: on, but for kinds that break by it.
    public var usesPKCE: Bool?
    /// Further members of the authorization request: `hd`, `prompt`.
    public var authorizationParameters: [String: String] = [:]
    /// The profile's member that is the person's id, instead of the kind's own.
    public var uidField: String?
    /// Whose addresses are taken as proved, beyond what the provider says.
    public var verifiedEmail: VerifiedEmail = .asTold
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION`.
    public var emailAuthentication: Bool?
    /// Overrides `SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT`.
    public var emailAuthenticationAutoConnect: Bool?
    /// What stands before the provider's id in the callback that it is told: `oidc` for
    /// `/accounts/oidc/ID/login/callback/`, as allauth has it for `openid_connect`. Nil: nothing.
    public var callbackPrefix: String?

    public init(clientID: String, secret: ClientSecret? = nil) {
        self.clientID = clientID
        self.secret = secret
    }

    /// For whom a token must be that an application brought: the client that it names, if it does.
    ///
    /// - Throws: ``SocialProviderError`` where it names one that is neither this one nor one of the others.
    func audiences(of login: TokenLogin) throws(SocialProviderError) -> [String] {
        let clients = [clientID] + otherClientIDs
        guard let named = login.clientID else { return clients }
        guard clients.contains(named) else {
            throw SocialProviderError(.invalidToken, "the token is said to be for another client")
        }
        return [named]
    }

    /// What the flows obey.
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

/// Which addresses are taken as proved though the provider does not say so: allauth's `verified_email`.
public enum VerifiedEmail: Hashable, Sendable {
    /// What the provider says counts.
    case asTold
    /// Every address that this provider tells.
    case all
    /// Addresses of these domains, in A-labels and lower case.
    case domains(Set<String>)

    /// Whether an address is taken as proved.
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
