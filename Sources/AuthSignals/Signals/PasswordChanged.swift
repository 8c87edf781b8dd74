// SPDX-License-Identifier: Apache-2.0

/// A user changed their password.
///
/// Source: allauth `account.signals.password_changed`.
public struct PasswordChanged: UserSignal, Hashable {
    public static let name: SignalName = "account.password_changed"
    public static let summary = "a user changed their password"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// How many sessions the change ended.
    public var loggedOutSessions: Int

    public init(request: SignalRequest, user: UserSnapshot, loggedOutSessions: Int) {
        self.request = request
        self.user = user
        self.loggedOutSessions = loggedOutSessions
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, loggedOutSessions = "logged_out_sessions"
    }
}
