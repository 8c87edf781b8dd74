// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// A provider's answer, and whom it leads to here.
struct FoundSocialLogin: Sendable {
    var login: SocialLogin
    /// The address by which the user was found, where no account is connected: e-mail authentication.
    var email: EmailAddress?
}

extension AccountReading {
    /// Whom an identity leads to: the user whose account is connected, or else, where the provider is trusted
    /// with that, the one whose address it vouches for.
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
    /// The provider of that id.
    public func provider(_ id: String) -> (any SocialProvider)? { providers.first { $0.id == id } }

    /// What a visit to a provider is for, where that is possible here.
    func process(
        _ wanted: SocialLoginSnapshot.Process?, among possible: [SocialLoginSnapshot.Process],
        _ refusals: inout [Refusal]
    ) -> SocialLoginSnapshot.Process? {
        if let wanted, possible.contains(wanted) { return wanted }
        refusals.append(
            Refusal(.invalidChoice, field: "process", "Select a valid choice: login or connect."))
        return nil
    }

    /// Whether an address that this provider vouches for logs its user in: what the application says, the
    /// provider's setting, or the one for all.
    func authenticatesByEmail(
        _ identity: SocialIdentity, _ provider: any SocialProvider
    ) -> @Sendable (String) -> Bool {
        let configured = provider.policy.emailAuthentication ?? settings.social.emailAuthentication
        return { [hook = hooks.canAuthenticateByEmail] email in hook(identity, email) ?? configured }
    }

    /// Whether the account is then connected.
    func connectsByEmail(_ provider: any SocialProvider) -> Bool {
        provider.policy.emailAuthenticationAutoConnect ?? settings.social.emailAuthenticationAutoConnect
    }
}
