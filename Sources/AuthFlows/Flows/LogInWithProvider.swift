// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Step {
    /// Logs in the user whom a provider's answer leads to, or signs somebody new up.
    ///
    /// Whoever was logged in is logged out (SO13), once it is sure that the log-in is not refused.
    func logIn(
        _ found: FoundSocialLogin, _ provider: any SocialProvider, _ clearance: SocialClearance
    ) throws -> FlowResult {
        guard var user = found.login.user else { return try signUp(found.login, clearance) }
        guard user.isActive else { return .unauthenticated(PendingAuthentication()) }
        if let refusal = clearance.refusal { return .refused(refusal) }
        if let answer = clearance.allowance.answer { return answer }
        var login = found.login
        if let email = found.email, !email.verified {
            try verifyIndirectly(email.email, of: user)
            let own = try authentication().flatMap { $0.user.id == user.id ? $0.session.id : nil }
            // The caller's own session says `user_logged_out` like any that a log-in takes the place of.
            _ = try shutOutMaker(of: &user, proved: email.email, keeping: own)
        }
        login.user = user
        if var account = login.account {
            try update(&account, login)
            login.account = account
        } else if found.email == nil || accounts.connectsByEmail(provider) {
            try addAccount(&login, to: user, provider)
        }
        try verifyAddresses(of: user, vouchedForIn: login.identity)
        try logOutWhoeverIsIn()
        return try logIn(user, record(login, of: user, signup: false), mayMail: clearance.mayMail)
    }

    /// Verifies those of the user's own addresses that the provider vouches for: `email_confirmed`. allauth
    /// leaves them unverified, and with mandatory verification mails a confirmation at every log-in.
    private func verifyAddresses(of user: User, vouchedForIn identity: SocialIdentity) throws {
        for told in identity.emailAddresses where told.verified {
            _ = try verifyIndirectly(told.email, of: user)
        }
    }

    /// Ends the session of whoever is logged in.
    func logOutWhoeverIsIn() throws {
        guard let authentication = try authentication() else { return }
        try logOut(authentication.user, authentication.session)
    }

    /// Says that the provider has proved who it is, and what the log-in then waits with.
    func record(_ login: SocialLogin, of user: User, signup: Bool) throws -> PendingLogin {
        let (provider, uid) = (login.identity.provider, login.identity.uid)
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .socialAccount, provider: provider,
                uid: uid))
        let record = AuthenticationRecord(method: .socialAccount, at: now, provider: provider, uid: uid)
        return PendingLogin(
            userID: user.id, stage: .verifyEmail, methods: [record], startedAt: now, signup: signup,
            sociallogin: try snapshot(of: login))
    }
}
