// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// What became of a flow.
public enum FlowResult: Sendable {
    /// The caller's session is a user's.
    case authenticated(Authentication)
    /// The caller is not logged in; a stage of a log-in may be pending.
    case unauthenticated(PendingAuthentication)
    /// Logged in, but too long ago for this: reauthenticate and call again (D19).
    case reauthenticationRequired(Authentication)
    /// Refused, with every reason; nothing was changed but for attempt counters.
    case refused([Refusal])
    /// It cannot be done now: somebody is logged in already, or nothing is pending.
    case conflict
    /// Strangers may not sign up here.
    case closed
    /// The session token is not, or no longer, one of ours.
    case gone
    /// Tried too often; to be tried again after that many seconds.
    case rateLimited(retryAfter: Double)
    /// Done; there is nothing more to say, for the sake of privacy too.
    case done
    /// No mail was sent: one was, a moment ago.
    case notSent
    /// The caller's addresses, after what was done to them.
    case emailAddresses([EmailAddress])
    /// The caller's sessions, after what was done to them; which is theirs is in `current`.
    case sessions([Session], current: Session.ID)
    /// The key or code is right: this user's password may be reset with it.
    case resettable(User)
    /// The key or code is right: that address may be confirmed with it.
    case confirmable(EmailConfirmationInfo)
    /// Not allowed: `denied` by the application's hook, `permission_denied` where nobody is logged in to
    /// connect an account to.
    case forbidden(Refusal.Code)
    /// The visitor is to be sent there: to a provider, or where the application's hook says. With the token
    /// of a session that was opened to remember the visit, shown once.
    case redirect(URL, newToken: SessionToken?)
    /// The caller's accounts at providers, after what was done to them.
    case socialAccounts([SocialAccount])
    /// What is known of somebody whose sign-up by a provider waits for their form.
    case socialSignUp(SocialSignUpProposal)
}

extension FlowResult {
    static func refused(_ refusal: Refusal) -> FlowResult { .refused([refusal]) }
}

/// Who is logged in, and in which session.
public struct Authentication: Sendable {
    public var user: User
    public var emailAddresses: [EmailAddress]
    public var session: Session
    /// The session's new token, where it has one since this call: the client is to keep it instead of what
    /// it had. Shown once.
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

    /// What was proved in the session, oldest first.
    public var methods: [AuthenticationRecord] { session.state.methods }
}

/// A flow's answer where the step before it ended it: the failure of a `Result`.
struct Answered: Error {
    var result: FlowResult
}

/// What stands between a caller and a log-in.
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
    /// The session that remembers what is pending, where it is new. Shown once.
    public var newToken: SessionToken?
    /// By which provider a sign-up waits for its form.
    public var provider: String?

    public init(flows: [Flow] = [], newToken: SessionToken? = nil, provider: String? = nil) {
        self.flows = flows
        self.newToken = newToken
        self.provider = provider
    }
}

/// Who calls, and with which session.
public struct Visit: Sendable {
    /// What the client showed; nil where it showed none.
    public var token: SessionToken?
    /// The request, as signals tell of it.
    public var request: RequestContext

    public init(token: SessionToken? = nil, request: RequestContext = RequestContext()) {
        self.token = token
        self.request = request
    }
}
