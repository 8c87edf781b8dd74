// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The result of a flow.
public enum FlowResult: Sendable {
    /// The caller is logged in.
    case authenticated(Authentication)
    /// The caller is not logged in; a stage of a log-in may be pending.
    case unauthenticated(PendingAuthentication)
    /// The caller is logged in, but has to reauthenticate first. The client then repeats the same call.
    case reauthenticationRequired(Authentication)
    /// Refused, with all reasons. Nothing was changed except attempt counters.
    case refused([Refusal])
    /// The call is not possible in the current state: the caller is logged in already, or nothing is pending.
    case conflict
    /// Sign-up is closed.
    case closed
    /// The session token is invalid or has expired.
    case gone
    /// A rate limit is reached; try again after that many seconds.
    case rateLimited(retryAfter: Double)
    /// Done. It has no details, partly to prevent enumeration.
    case done
    /// No mail was sent, because one was sent recently.
    case notSent
    /// The caller's addresses, after any change.
    case emailAddresses([EmailAddress])
    /// The caller's sessions, after any change; `current` is the one of this call.
    case sessions([Session], current: Session.ID)
    /// The key or code is right: it can reset this user's password.
    case resettable(User)
    /// The key or code is right: it can confirm that address.
    case confirmable(EmailConfirmationInfo)
    /// Not allowed: `denied` by the application's hook, or `permission_denied` if the caller is not logged in and so
    /// has no user to connect an account to.
    case forbidden(Refusal.Code)
    /// The browser has to be redirected: to a provider, or to the address from the application's hook. If a session was
    /// opened for the redirect, its token is included; it is returned only once.
    case redirect(URL, newToken: SessionToken?)
    /// The caller's accounts at providers, after any change.
    case socialAccounts([SocialAccount])
    /// The known data of a sign-up by a provider that waits for its form.
    case socialSignUp(SocialSignUpProposal)
}

extension FlowResult {
    static func refused(_ refusal: Refusal) -> FlowResult { .refused([refusal]) }
}

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

/// A result that ends a flow early, as the failure of a `Result`.
struct EarlyReturn: Error {
    var result: FlowResult
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

/// The context of a call: the session token and the request.
public struct FlowContext: Sendable {
    /// The token that the client sent; nil if it sent none.
    public var token: SessionToken?
    /// The request, as signals contain it.
    public var request: SignalRequest

    public init(token: SessionToken? = nil, request: SignalRequest = SignalRequest()) {
        self.token = token
        self.request = request
    }
}
