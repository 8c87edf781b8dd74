// SPDX-License-Identifier: Apache-2.0

/// A user logs out.
///
/// Source: allauth `account.signals.user_logged_out`.
public struct UserLoggedOut: UserSignal, Hashable {
    public static let name: SignalName = "account.user_logged_out"
    public static let summary = "a user logs out"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The session that was ended.
    public var session: SessionSnapshot

    public init(request: SignalRequest, user: UserSnapshot, session: SessionSnapshot) {
        self.request = request
        self.user = user
        self.session = session
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, session
    }
}
