// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// The result of a flow: its value, or why the call could not be completed.
///
/// ```swift
/// switch try await accounts.logIn(LogIn(email: "ada@example.org", password: Password("correct-horse"))) {
/// case .success(let authentication): print("welcome", authentication.email ?? "")
/// case .unauthenticated(let pending): print("first:", pending.flows.map(\.rawValue))
/// case .refused(let refusals): print("no:", refusals.map(\.code.rawValue))
/// case .rateLimited(let seconds): print("try again in \(seconds) seconds")
/// case .reauthenticationRequired, .conflict, .closed, .forbidden, .gone: print("not possible now")
/// }
/// ```
public enum FlowResult<Value: Sendable>: Sendable {
    /// The flow is complete.
    case success(Value)
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
    /// Not allowed: `denied` by the application's hook, or `permission_denied` if the caller is not logged in and so
    /// has no user to connect an account to.
    case forbidden(Refusal.Code)
    /// The session token is invalid or has expired.
    case gone
    /// A rate limit is reached; try again after that many seconds.
    case rateLimited(retryAfter: Double)
}

extension FlowResult {
    static func refused(_ refusal: Refusal) -> FlowResult { .refused([refusal]) }

    /// The result with the transformed value; a result without a value stays the same.
    public func map<NewValue>(
        _ transform: (Value) throws -> NewValue
    ) rethrows -> FlowResult<NewValue> {
        try flatMap { .success(try transform($0)) }
    }

    /// The result of a synchronous continuation with the value; a result without a value stays the same.
    public func flatMap<NewValue>(
        _ transform: (Value) throws -> FlowResult<NewValue>
    ) rethrows -> FlowResult<NewValue> {
        switch self {
        case .success(let value): try transform(value)
        case .unauthenticated(let pending): .unauthenticated(pending)
        case .reauthenticationRequired(let authentication): .reauthenticationRequired(authentication)
        case .refused(let refusals): .refused(refusals)
        case .conflict: .conflict
        case .closed: .closed
        case .forbidden(let code): .forbidden(code)
        case .gone: .gone
        case .rateLimited(let seconds): .rateLimited(retryAfter: seconds)
        }
    }

    /// The result of an asynchronous continuation with the value; a result without a value stays the same.
    func then<NewValue>(
        _ proceed: (Value) async throws -> FlowResult<NewValue>
    ) async rethrows -> FlowResult<NewValue> {
        guard case .success(let value) = self else {
            // The closure is not called.
            return flatMap { _ in .conflict }
        }
        return try await proceed(value)
    }
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
