// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A client's session: anonymous while a log-in is pending, a user's afterwards.
public struct Session: Sendable, Identifiable {
    /// A public id, made anew at each log-in; not the token.
    public var id: UUID
    /// SHA-256 of the token.
    public var tokenHash: Data
    /// Nil while anonymous.
    public var userID: User.ID?
    public var client: RequestContext.Client
    public var createdAt: Date
    public var expiresAt: Date
    /// When it was last used: to five minutes and the time until ``Sessions/writeSightings()`` is called next,
    /// for a request that only shows it does not wait for the disk.
    public var lastSeenAt: Date
    /// The address, and the client, seen when a flow last changed it.
    public var ip: String?
    public var userAgent: String?
    /// What is pending or was proved in it; sealed at rest.
    public var state: SessionState

    public init(
        id: UUID, tokenHash: Data, userID: User.ID?, client: RequestContext.Client, createdAt: Date,
        expiresAt: Date, lastSeenAt: Date, ip: String? = nil, userAgent: String? = nil,
        state: SessionState = SessionState()
    ) {
        self.id = id
        self.tokenHash = tokenHash
        self.userID = userID
        self.client = client
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastSeenAt = lastSeenAt
        self.ip = ip
        self.userAgent = userAgent
        self.state = state
    }

    /// The session as a payload shows it.
    public var snapshot: SessionSnapshot {
        SessionSnapshot(id: id.wireText, createdAt: createdAt, expiresAt: expiresAt)
    }
}
