// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A client's session. It is anonymous while a log-in is pending and belongs to a user afterwards.
public struct Session: Sendable, Identifiable {
    /// A public id that changes with each log-in; not the token.
    public var id: UUID
    /// SHA-256 of the token.
    public var tokenHash: Data
    /// Nil while anonymous.
    public var userID: User.ID?
    public var client: SignalRequest.Client
    public var createdAt: Date
    public var expiresAt: Date
    /// When it was last used. It may be late by five minutes plus the time until ``Sessions/writeSightings()`` is next
    /// called, because a request that only uses the session does not wait for the disk.
    public var lastSeenAt: Date
    /// The client's IP address when a flow last changed the session, or when ``Sessions/writeSightings()`` last
    /// recorded another client.
    public var ip: String?
    public var userAgent: String?
    /// Pending log-ins and codes, and the factors that were proved. Sealed at rest.
    public var state: SessionState

    public init(
        id: UUID, tokenHash: Data, userID: User.ID?, client: SignalRequest.Client, createdAt: Date,
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

    /// Whether a request comes from another client than the one that is stored. What is unknown of either of them, such
    /// as the address of a call of the library, does not differ.
    func isUsedByAnotherClient(in request: SignalRequest) -> Bool {
        if let ip, let other = request.ip, !ip.hasSameBytes(as: other) { return true }
        if let userAgent, let other = request.userAgent, !userAgent.hasSameBytes(as: other) { return true }
        return false
    }

    /// The session in the form that payloads contain.
    public var snapshot: SessionSnapshot {
        SessionSnapshot(id: id.wireText, createdAt: createdAt, expiresAt: expiresAt)
    }
}
