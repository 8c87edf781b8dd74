// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

// One example of every signal of the catalogue, with every member set: the contract's example message.
//
//     UserSignedUp.sample(user: .sample(email: "ada@example.org"), sociallogin: nil)

extension UserLoggedIn {
    /// A log-in at a provider, with a second factor.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        session: SessionSnapshot = .sample(), methods: [AuthenticationMethod] = [.socialAccount, .mfa],
        sociallogin: SocialLoginSnapshot? = .sample()
    ) -> UserLoggedIn {
        UserLoggedIn(
            request: request, user: user, session: session, methods: methods, sociallogin: sociallogin)
    }
}

extension UserLoggedOut {
    /// A log-out.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        session: SessionSnapshot = .sample()
    ) -> UserLoggedOut {
        UserLoggedOut(request: request, user: user, session: session)
    }
}

extension UserSignedUp {
    /// A sign-up through a provider; with `sociallogin: nil` a local one.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        sociallogin: SocialLoginSnapshot? = .sample()
    ) -> UserSignedUp {
        UserSignedUp(request: request, user: user, sociallogin: sociallogin)
    }
}

extension PasswordSet {
    /// A first password.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample()
    ) -> PasswordSet {
        PasswordSet(request: request, user: user)
    }
}

extension PasswordChanged {
    /// A changed password.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(), loggedOutSessions: Int = 2
    ) -> PasswordChanged {
        PasswordChanged(request: request, user: user, loggedOutSessions: loggedOutSessions)
    }
}

extension PasswordReset {
    /// A completed password reset.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample()
    ) -> PasswordReset {
        PasswordReset(request: request, user: user)
    }
}

extension EmailConfirmed {
    /// A confirmed address.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        emailAddress: EmailAddressSnapshot = .sample()
    ) -> EmailConfirmed {
        EmailConfirmed(request: request, user: user, emailAddress: emailAddress)
    }
}

extension EmailConfirmationSent {
    /// A confirmation mail of a sign-up.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        confirmation: ConfirmationSnapshot = .sample(), signup: Bool = true
    ) -> EmailConfirmationSent {
        EmailConfirmationSent(request: request, user: user, confirmation: confirmation, signup: signup)
    }
}

extension EmailChanged {
    /// A new primary address.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        fromEmailAddress: EmailAddressSnapshot? = .formerSample(),
        toEmailAddress: EmailAddressSnapshot = .sample()
    ) -> EmailChanged {
        EmailChanged(
            request: request, user: user, fromEmailAddress: fromEmailAddress, toEmailAddress: toEmailAddress)
    }
}

extension EmailAdded {
    /// An added address.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        emailAddress: EmailAddressSnapshot = .sample()
    ) -> EmailAdded {
        EmailAdded(request: request, user: user, emailAddress: emailAddress)
    }
}

extension EmailRemoved {
    /// A removed address.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        emailAddress: EmailAddressSnapshot = .formerSample()
    ) -> EmailRemoved {
        EmailRemoved(request: request, user: user, emailAddress: emailAddress)
    }
}

extension PreSocialLogin {
    /// An authentication at a provider that the hook denied.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot? = .sample(),
        sociallogin: SocialLoginSnapshot = .sample(), outcome: Outcome = .denied, reason: String? = "timeout"
    ) -> PreSocialLogin {
        PreSocialLogin(
            request: request, user: user, sociallogin: sociallogin, outcome: outcome, reason: reason)
    }
}

extension SocialAccountAdded {
    /// A connected social account.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        sociallogin: SocialLoginSnapshot = .sample()
    ) -> SocialAccountAdded {
        SocialAccountAdded(request: request, user: user, sociallogin: sociallogin)
    }
}

extension SocialAccountUpdated {
    /// A social account that was used again.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        sociallogin: SocialLoginSnapshot = .sample()
    ) -> SocialAccountUpdated {
        SocialAccountUpdated(request: request, user: user, sociallogin: sociallogin)
    }
}

extension SocialAccountRemoved {
    /// A disconnected social account.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        socialaccount: SocialAccountSnapshot = .sample()
    ) -> SocialAccountRemoved {
        SocialAccountRemoved(request: request, user: user, socialaccount: socialaccount)
    }
}

extension AuthenticationStepCompleted {
    /// A completed factor, with the members of every method.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        method: AuthenticationMethod = .password, reauthenticated: Bool? = true,
        email: String? = "jane.doe@example.org", username: String? = "jane", provider: String? = "example",
        uid: String? = "1234", type: String? = "totp"
    ) -> AuthenticationStepCompleted {
        AuthenticationStepCompleted(
            request: request, user: user, method: method, reauthenticated: reauthenticated, email: email,
            username: username, provider: provider, uid: uid, type: type)
    }
}

extension LoginCodeRejected {
    /// A wrong log-in code.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(), lastAttempt: Bool = false
    ) -> LoginCodeRejected {
        LoginCodeRejected(request: request, user: user, lastAttempt: lastAttempt)
    }
}

extension PasswordResetCodeRejected {
    /// A wrong password reset code, after which no attempt is left.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(), lastAttempt: Bool = true
    ) -> PasswordResetCodeRejected {
        PasswordResetCodeRejected(request: request, user: user, lastAttempt: lastAttempt)
    }
}

extension EmailVerificationCodeRejected {
    /// A wrong e-mail verification code.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(), lastAttempt: Bool = false
    ) -> EmailVerificationCodeRejected {
        EmailVerificationCodeRejected(request: request, user: user, lastAttempt: lastAttempt)
    }
}

extension LoginFailed {
    /// A log-in with a wrong password.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot? = .sample(),
        method: AuthenticationMethod = .password, reason: Reason = .wrongPassword
    ) -> LoginFailed {
        LoginFailed(request: request, user: user, method: method, reason: reason)
    }
}

extension SignupCompleted {
    /// A sign-up whose address is proved.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        emailAddress: EmailAddressSnapshot = .sample()
    ) -> SignupCompleted {
        SignupCompleted(request: request, user: user, emailAddress: emailAddress)
    }
}

extension UserDeactivated {
    /// A deactivated user.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(isActive: false)
    ) -> UserDeactivated {
        UserDeactivated(request: request, user: user)
    }
}

extension UserActivated {
    /// A user who was activated again.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample()
    ) -> UserActivated {
        UserActivated(request: request, user: user)
    }
}

extension UserDeleted {
    /// A deleted user, who was deactivated before.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(isActive: false)
    ) -> UserDeleted {
        UserDeleted(request: request, user: user)
    }
}

extension UserSnapshotTaken {
    /// The state of an account with two addresses.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        emailAddresses: [EmailAddressSnapshot] = [.sample(), .formerSample()]
    ) -> UserSnapshotTaken {
        UserSnapshotTaken(request: request, user: user, emailAddresses: emailAddresses)
    }
}

extension SessionClientChanged {
    /// A session that is used by another browser.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        session: SessionSnapshot = .sample(),
        fromClient: ClientSnapshot = .sample(
            ip: "2001:db8::16", userAgent: "Mozilla/5.0 (Android 15; Mobile)"),
        toClient: ClientSnapshot = .sample()
    ) -> SessionClientChanged {
        SessionClientChanged(
            request: request, user: user, session: session, fromClient: fromClient, toClient: toClient)
    }
}

extension SessionEnded {
    /// A session that the user ended.
    public static func sample(
        request: SignalRequest = .sample(), user: UserSnapshot = .sample(),
        session: SessionSnapshot = .sample(), reason: Reason = .endedByUser
    ) -> SessionEnded {
        SessionEnded(request: request, user: user, session: session, reason: reason)
    }
}
