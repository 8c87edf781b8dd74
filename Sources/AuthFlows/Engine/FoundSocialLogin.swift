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
        _ identity: SocialIdentity, _ process: SocialLoginSnapshot.Process, byEmail: Bool
    ) throws -> FoundSocialLogin {
        var found = FoundSocialLogin(login: SocialLogin(identity: identity, process: process))
        if let account = try socialAccount(provider: identity.provider, uid: identity.uid) {
            found.login.account = account
            found.login.user = try user(id: account.userID)
            return found
        }
        guard byEmail else { return found }
        for told in identity.emailAddresses where told.verified {
            guard let address = try emailAddresses(matching: told.email).first(where: leadsToItsUser)
            else { continue }
            found.email = address
            found.login.user = try user(id: address.userID)
            return found
        }
        return found
    }

    /// Whether a stored address will do for e-mail authentication.
    ///
    /// One that its user has not proved does only where it is all that they have. Whoever made the account is
    /// then shut out of it (SO18), which takes their password and their sessions; but not another address
    /// that a new password can be mailed to, nor an account at a provider: with one of those they would come
    /// back into what somebody else has taken for theirs. And where the account is honestly theirs, and the
    /// address a slip, it stays theirs.
    private func leadsToItsUser(_ address: EmailAddress) throws -> Bool {
        if address.verified { return true }
        let user = address.userID
        return try emailAddresses(of: user).count == 1 && socialAccounts(of: user).isEmpty
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

    /// Whether an address that this provider vouches for logs its user in.
    func authenticatesByEmail(_ provider: any SocialProvider) -> Bool {
        provider.policy.emailAuthentication ?? settings.social.emailAuthentication
    }

    /// Whether the account is then connected.
    func connectsByEmail(_ provider: any SocialProvider) -> Bool {
        provider.policy.emailAuthenticationAutoConnect ?? settings.social.emailAuthenticationAutoConnect
    }
}
