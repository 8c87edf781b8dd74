// SPDX-License-Identifier: Apache-2.0

/// A log-in was refused: a wrong password, an unknown user, or an inactive user who proved their password.
///
/// It contains nothing that was typed, neither in the clear nor hashed. A refused attempt that does not reach the
/// comparison, because a rate limit is reached or the form is invalid, emits nothing; the rate limits of log-in
/// therefore bound how many are emitted. A wrong code has a signal of its own (``LoginCodeRejected``).
///
/// Source: Django `user_login_failed`, without its credentials.
public struct LoginFailed: UserSignal, Hashable {
    public static let name: SignalName = "account.login_failed"
    public static let summary = "a log-in was refused: wrong password, unknown or inactive user"

    public var request: SignalRequest
    /// The user, if exactly one is known.
    public var user: UserSnapshot?
    /// The factor that was tried.
    public var method: AuthenticationMethod
    public var reason: Reason

    /// Why a log-in was refused; open: accept unknown values.
    public struct Reason: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// No user has the address or the username.
        public static let unknownUser = Reason(rawValue: "unknown_user")
        /// A user exists, and the password is wrong, or they have none.
        public static let wrongPassword = Reason(rawValue: "wrong_password")
        /// The factor was proved, but the user is deactivated.
        public static let inactiveUser = Reason(rawValue: "inactive_user")
    }

    public init(request: SignalRequest, user: UserSnapshot?, method: AuthenticationMethod, reason: Reason) {
        self.request = request
        self.user = user
        self.method = method
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, method, reason
    }
}

extension LoginFailed.Reason: OpenEnumeration {
    public static let knownValues: [LoginFailed.Reason] = [.unknownUser, .wrongPassword, .inactiveUser]
}
