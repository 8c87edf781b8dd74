// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// A logged-in user and their session.
public struct Authentication: Sendable {
    public var user: User
    public var emailAddresses: [EmailAddress]
    public var session: Session
    /// The session's new token, if this call has changed it: the client must use it instead of the former one. It is
    /// returned only once.
    public var newToken: SessionToken?

    public init(
        user: User, emailAddresses: [EmailAddress], session: Session, newToken: SessionToken? = nil
    ) {
        self.user = user
        self.emailAddresses = emailAddresses
        self.session = session
        self.newToken = newToken
    }

    /// The primary address.
    public var email: String? { emailAddresses.first { $0.primary }?.email }

    /// The factors that were proved in the session, oldest first.
    public var methods: [AuthenticationRecord] { session.state.methods }
}

/// The flows that a caller has to complete before they are logged in.
public struct PendingAuthentication: Sendable {
    /// A flow that waits for the caller.
    public struct Flow: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let verifyEmail = Flow(rawValue: "verify_email")
        public static let loginByCode = Flow(rawValue: "login_by_code")
        public static let passwordResetByCode = Flow(rawValue: "password_reset_by_code")
        public static let providerSignup = Flow(rawValue: "provider_signup")
    }

    public var flows: [Flow]
    /// The token of the session that keeps the pending flows, if it is new. It is returned only once.
    public var newToken: SessionToken?
    /// The provider of a sign-up that waits for its form.
    public var provider: String?

    public init(flows: [Flow] = [], newToken: SessionToken? = nil, provider: String? = nil) {
        self.flows = flows
        self.newToken = newToken
        self.provider = provider
    }
}
