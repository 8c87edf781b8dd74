// SPDX-License-Identifier: Apache-2.0

/// The signals that this package declares, in the contract's order.
public enum SignalCatalog {
    /// The types of all signals.
    public static let all: [any Signal.Type] = [
        UserLoggedIn.self,
        UserLoggedOut.self,
        UserSignedUp.self,
        PasswordSet.self,
        PasswordChanged.self,
        PasswordReset.self,
        EmailConfirmed.self,
        EmailConfirmationSent.self,
        EmailChanged.self,
        EmailAdded.self,
        EmailRemoved.self,
        PreSocialLogin.self,
        SocialAccountAdded.self,
        SocialAccountUpdated.self,
        SocialAccountRemoved.self,
        AuthenticationStepCompleted.self,
        LoginCodeRejected.self,
        PasswordResetCodeRejected.self,
        EmailVerificationCodeRejected.self,
        LoginFailed.self,
        SignupCompleted.self,
        UserDeactivated.self,
        UserActivated.self,
        UserDeleted.self,
        UserSnapshotTaken.self,
        SessionClientChanged.self,
        SessionEnded.self,
    ]

    /// The names reserved for future signals.
    public static let reserved: [SignalName] = [
        "mfa.authenticator_added",
        "mfa.authenticator_removed",
        "mfa.authenticator_reset",
        "mfa.authenticator_used",
        "mfa.authentication_failed",
    ]
}
