// SPDX-License-Identifier: Apache-2.0

/// A session was used with another IP address or `User-Agent` than before.
///
/// Source: allauth `usersessions.signals.session_client_changed`, with its `from_session` and `to_session` as the two
/// clients of one session.
public struct SessionClientChanged: UserSignal, Hashable {
    public static let name: SignalName = "usersessions.session_client_changed"
    public static let summary = "a session was used with another IP address or User-Agent"

    public var request: SignalRequest
    public var user: UserSnapshot
    public var session: SessionSnapshot
    /// The client that used the session before.
    public var fromClient: ClientSnapshot
    /// The client that uses it now.
    public var toClient: ClientSnapshot

    public init(
        request: SignalRequest, user: UserSnapshot, session: SessionSnapshot, fromClient: ClientSnapshot,
        toClient: ClientSnapshot
    ) {
        self.request = request
        self.user = user
        self.session = session
        self.fromClient = fromClient
        self.toClient = toClient
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, session, fromClient = "from_client", toClient = "to_client"
    }
}
