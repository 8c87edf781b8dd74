// SPDX-License-Identifier: Apache-2.0
/// Hooks by which an embedding application customizes the flows: the part of allauth's adapter that the flows call.
public struct AccountHooks: Sendable {
    /// Whether this caller may sign up: allauth's `is_open_for_signup`. Called before anything is written.
    public var maySignUp: @Sendable (SignUp, FlowContext) async throws -> Bool = { _, _ in true }
    /// The application's own checks of a sign-up. The refusals it returns are added to those of the flow.
    public var validateSignUp: @Sendable (SignUp, FlowContext) async throws -> [Refusal] = { _, _ in [] }
    /// Called before a social log-in; nil lets all log-ins proceed.
    public var preSocialLogin: PreSocialLoginHook?
    /// Whether an address that a provider vouches for logs its user in, for this identity and address: allauth's
    /// `can_authenticate_by_email`. If it returns nil, the setting applies (`SOCIALACCOUNT_EMAIL_AUTHENTICATION`).
    /// It is called within a transaction, sometimes more than once, so it must not block.
    public var canAuthenticateByEmail: @Sendable (SocialIdentity, String) -> Bool? = { _, _ in nil }
    /// Called in the transaction of the sign-up: the application's own rows and signals commit together with it. It may be
    /// called again for the same sign-up if a concurrent transaction prevents the commit, so it must do nothing outside
    /// the transaction.
    public var didSignUp: @Sendable (User, any AccountTransaction) throws -> Void = { _, _ in }
    /// Whether this user may log in now; a refusal it returns ends the log-in. Called after a factor was proved.
    public var mayLogIn: @Sendable (User, FlowContext) async throws -> Refusal? = { _, _ in nil }
    /// The application's own check of a new password. If it returns refusals, the password is refused.
    public var validatePassword: @Sendable (Password) -> [Refusal] = { _ in [] }

    public init() {}
}
