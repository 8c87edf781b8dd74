// SPDX-License-Identifier: Apache-2.0

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
