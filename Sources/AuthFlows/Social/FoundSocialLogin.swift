// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// A social log-in, and the user that it was matched to.
struct FoundSocialLogin: Sendable {
    var login: SocialLogin
    /// The address that matched the user, if no account is connected (e-mail authentication).
    var email: EmailAddress?
}

extension AccountReading {
    /// Looks up the user of an identity: the user whose account is connected, or else, if e-mail authentication is
    /// allowed for the provider, the user whose address it vouches for.
    ///
    /// Source: allauth `socialaccount/models.py:SocialLogin.lookup`.
    func find(
        _ identity: SocialIdentity, _ process: SocialLoginSnapshot.Process, byEmail: (String) -> Bool
    ) throws -> FoundSocialLogin {
        var found = FoundSocialLogin(login: SocialLogin(identity: identity, process: process))
        if let account = try socialAccount(provider: identity.provider, uid: identity.uid) {
            found.login.account = account
            found.login.user = try user(id: account.userID)
            return found
        }
        for told in identity.emailAddresses where told.verified && byEmail(told.email) {
            guard let address = try addressesLeadingIn(by: told.email).first else { continue }
            found.email = address
            found.login.user = try user(id: address.userID)
            return found
        }
        return found
    }
}

extension Accounts {
    /// The provider with that id.
    public func provider(_ id: String) -> (any SocialProvider)? { providers.first { $0.id == id } }

    /// The requested process, if it is possible here; nil otherwise, after a refusal was appended.
    func process(
        _ wanted: SocialLoginSnapshot.Process?, among possible: [SocialLoginSnapshot.Process],
        _ refusals: inout [Refusal]
    ) -> SocialLoginSnapshot.Process? {
        if let wanted, possible.contains(wanted) { return wanted }
        refusals.append(Refusal(.invalidChoice, field: "process", .invalidProcess))
        return nil
    }

    /// Whether an address that this provider vouches for logs its user in. The application's hook decides first, then
    /// the provider's setting, then the general setting.
    func authenticatesByEmail(
        _ identity: SocialIdentity, _ provider: any SocialProvider
    ) -> @Sendable (String) -> Bool {
        let configured = provider.policy.emailAuthentication ?? settings.social.emailAuthentication
        return { [hook = hooks.canAuthenticateByEmail] email in hook(identity, email) ?? configured }
    }

    /// Whether the account is connected after a log-in by e-mail authentication.
    func connectsByEmail(_ provider: any SocialProvider) -> Bool {
        provider.policy.emailAuthenticationAutoConnect ?? settings.social.emailAuthenticationAutoConnect
    }
}
