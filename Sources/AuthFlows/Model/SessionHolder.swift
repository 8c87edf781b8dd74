// SPDX-License-Identifier: Apache-2.0

/// A session with its user and the user's addresses, read at one moment.
public struct SessionHolder: Sendable {
    /// The session, expired or not.
    public var session: Session
    /// The session's user, active or not; nil if the session is not logged in.
    public var user: User?
    /// The user's addresses: the primary first, then in the order in which they were added; empty without a user.
    public var emailAddresses: [EmailAddress]

    public init(session: Session, user: User? = nil, emailAddresses: [EmailAddress] = []) {
        self.session = session
        self.user = user
        self.emailAddresses = emailAddresses
    }
}
