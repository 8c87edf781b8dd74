// SPDX-License-Identifier: Apache-2.0
/// Where an embedding application has its say: allauth's adapter, as far as flows ask it.
public struct AccountHooks: Sendable {
    /// Whether this visitor may sign up: allauth's `is_open_for_signup`. Before anything is written.
    public var maySignUp: @Sendable (SignUp, Visit) async throws -> Bool = { _, _ in true }
    /// The application's own checks of a sign-up; what it returns is refused, beside our own refusals.
    public var validateSignUp: @Sendable (SignUp, Visit) async throws -> [Refusal] = { _, _ in [] }
    /// Asked before a social log-in; nil: all proceed.
    public var preSocialLogin: PreSocialLoginHook?
    /// Whether an address that a provider vouches for logs its user in, for this identity and address; nil: as
    /// is configured (`SOCIALACCOUNT_EMAIL_AUTHENTICATION`). allauth's `can_authenticate_by_email`. It is
    /// asked within a transaction, at times more than once: it must not wait.
    public var canAuthenticateByEmail: @Sendable (SocialIdentity, String) -> Bool? = { _, _ in nil }
    /// In the transaction of the sign-up: the application's own rows and signals commit with ours.
    public var didSignUp: @Sendable (User, any AccountTransaction) throws -> Void = { _, _ in }
    /// Whether this user may log in now; what it returns is refused. After a factor was proved.
    public var mayLogIn: @Sendable (User, Visit) async throws -> Refusal? = { _, _ in nil }
    /// The application's own check of a new password; what it returns is refused.
    public var validatePassword: @Sendable (Password) -> [Refusal] = { _ in [] }

    public init() {}
}
