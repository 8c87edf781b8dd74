// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension FlowTransaction {
    /// Logs in the user that a social log-in matches, or signs up a new user.
    ///
    /// If a user, the same or another, is logged in already, that session ends once the log-in can no longer be
    /// refused. An inactive user is refused: `login_failed`.
    func logInWithProvider(
        _ found: FoundSocialLogin, _ provider: any SocialProvider, _ clearance: SocialClearance
    ) throws -> FlowResult<Authentication> {
        guard var user = found.login.user else { return try signUp(found.login, clearance) }
        guard user.isActive else {
            try emitInactiveUser(user, .socialAccount)
            return .unauthenticated(PendingAuthentication())
        }
        if let refusal = clearance.refusal { return .refused(refusal) }
        if let seconds = clearance.allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        var login = found.login
        if let email = found.email, !email.verified {
            try verifyIndirectly(email.email, of: user)
            let own = try authentication().flatMap { $0.user.id == user.id ? $0.session.id : nil }
            // The caller's own session is kept here, since it ends below, with `user_logged_out`.
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
        try logOutCurrentUser()
        return try advance(
            record(login, of: user, signup: false), of: user, mayMail: clearance.mayMail)
    }

    /// Verifies those of the user's stored addresses that the provider vouches for: `email_confirmed`. allauth leaves
    /// them unverified and, if verification is mandatory, sends a confirmation mail at every log-in.
    private func verifyAddresses(of user: User, vouchedForIn identity: SocialIdentity) throws {
        for told in identity.emailAddresses where told.verified {
            _ = try verifyIndirectly(told.email, of: user)
        }
    }

    /// Ends the caller's session if a user is logged in.
    func logOutCurrentUser() throws {
        guard let authentication = try authentication() else { return }
        try logOut(authentication.user, authentication.session)
    }

    /// Emits `authentication_step_completed`, and returns the log-in that starts with this factor.
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
