// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// The sessions of the caller of a flow.
public struct SessionList: Sendable {
    /// Newest first.
    public var sessions: [Session]
    /// The session of this call.
    public var current: Session.ID
}

/// The sessions of users, which a service uses to authenticate its own requests.
public struct Sessions: Sendable {
    let accounts: Accounts

    /// The user that a token belongs to.
    ///
    /// - Returns: nil if the token is unknown or expired, or if its session is not logged in.
    public func authenticate(token: SessionToken) async throws -> Authentication? {
        guard case .user(let authentication) = try await accounts.caller(FlowContext(token: token)) else {
            return nil
        }
        return authentication
    }

    /// The state of the caller's session: logged in, flows pending, or an invalid token.
    public func current(_ context: FlowContext) async throws -> FlowResult<Authentication> {
        switch try await accounts.caller(context) {
        case .unknownToken: .gone
        case .anonymous(let session): .unauthenticated(accounts.pending(of: session))
        case .user(let authentication): .success(authentication)
        }
    }

    /// The caller's sessions, newest first.
    public func list(_ context: FlowContext) async throws -> FlowResult<SessionList> {
        switch try await accounts.caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(accounts.pending(of: session))
        case .user: return try await accounts.withTransaction(context) { try $0.sessions() }
        }
    }

    /// Writes ``Session/lastSeenAt`` of the sessions that were used since the last call, in batches of one transaction
    /// each. Call it periodically, as `StoreHousekeeping` does, and once at shutdown.
    ///
    /// - Returns: the number of sessions that were written.
    public func writeSightings() async throws -> Int {
        var rest = accounts.sightings.take()[...]
        let total = rest.count
        while !rest.isEmpty {
            let batch = Array(rest.prefix(500))
            do {
                try await accounts.store.transaction { transaction in
                    for sighting in batch { try transaction.markSeen(sighting.id, at: sighting.time) }
                }
            } catch {
                accounts.sightings.putBack(rest)
                throw error
            }
            rest = rest.dropFirst(batch.count)
        }
        return total
    }

    /// Ends sessions of the caller: the session of this call last, with `user_logged_out`, the others without a signal.
    ///
    /// - Returns: the remaining sessions, or ``FlowResult/unauthenticated(_:)`` if the session of this call has ended.
    ///   If an id is not one of the caller's sessions, none is ended and the result is `invalid_choice`.
    public func end(_ ids: [Session.ID], _ context: FlowContext) async throws -> FlowResult<SessionList> {
        switch try await accounts.caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(accounts.pending(of: session))
        case .user: return try await accounts.withTransaction(context) { try $0.endSessions(Set(ids)) }
        }
    }
}

extension Accounts {
    /// The sessions of users.
    public var sessions: Sessions { Sessions(accounts: self) }
}

extension FlowTransaction {
    func sessions() throws -> FlowResult<SessionList> {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        let sessions = try transaction.sessions(of: authentication.user.id, now: now).map { session in
            var session = session
            session.lastSeenAt = max(
                session.lastSeenAt, accounts.sightings.time(of: session.id) ?? .distantPast)
            return session
        }
        return .success(SessionList(sessions: sessions, current: authentication.session.id))
    }

    func endSessions(_ ids: Set<Session.ID>) throws -> FlowResult<SessionList> {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        let mine = try transaction.sessions(of: authentication.user.id, now: now)
        guard ids.isSubset(of: mine.map(\.id)) else {
            return .refused(.unknownSessions())
        }
        for session in mine where ids.contains(session.id) && session.id != authentication.session.id {
            try transaction.delete(session)
        }
        if ids.contains(authentication.session.id) {
            try logOut(authentication.user, authentication.session)
        }
        return try sessions()
    }
}
