// SPDX-License-Identifier: Apache-2.0

/// A user's session has ended, for whatever reason; after ``UserLoggedOut`` if the user logged out.
public struct SessionEnded: UserSignal, Hashable {
    public static let name: SignalName = "usersessions.session_ended"
    public static let summary = "a user's session has ended, for whatever reason"

    public var request: SignalRequest
    /// The user; as they were before, if they were deleted.
    public var user: UserSnapshot
    /// The session that has ended.
    public var session: SessionSnapshot
    public var reason: Reason

    /// Why a session has ended; open: accept unknown values.
    public struct Reason: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The user logged out, or another log-in replaced the session.
        public static let loggedOut = Reason(rawValue: "logged_out")
        /// The password was set, changed or reset.
        public static let passwordChanged = Reason(rawValue: "password_changed")
        /// The user ended it from their list of sessions.
        public static let endedByUser = Reason(rawValue: "ended_by_user")
        /// An administrator ended it.
        public static let endedByOperator = Reason(rawValue: "ended_by_operator")
        /// The owner of the account's address proved it, and the account's creator had not.
        public static let addressProved = Reason(rawValue: "address_proved")
        /// The user was deactivated.
        public static let deactivated = Reason(rawValue: "deactivated")
        /// The user was deleted.
        public static let deleted = Reason(rawValue: "deleted")
        /// It was not used for its lifetime; emitted when the expired session is deleted, some time later.
        public static let expired = Reason(rawValue: "expired")
    }

    public init(request: SignalRequest, user: UserSnapshot, session: SessionSnapshot, reason: Reason) {
        self.request = request
        self.user = user
        self.session = session
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, session, reason
    }
}

extension SessionEnded.Reason: OpenEnumeration {
    public static let knownValues: [SessionEnded.Reason] = [
        .loggedOut, .passwordChanged, .endedByUser, .endedByOperator, .addressProved, .deactivated, .deleted,
        .expired,
    ]
}
