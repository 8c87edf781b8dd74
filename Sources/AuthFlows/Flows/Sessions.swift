// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import Synchronization

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

/// The times at which sessions were last used. They are kept in memory until ``Sessions/writeSightings()`` writes them
/// to the store in batches, so that a request that only uses its session does not wait for the disk.
///
/// A session is recorded only if its stored time is at least ``interval`` old, so that it is written at most once in
/// that time.
final class LastSeenTracker: Sendable {
    /// The minimum age, in seconds, of a stored time before it is updated. The stored time can get older than this by
    /// the time until the next write.
    static let interval: TimeInterval = 300
    /// The maximum number of sessions until the next write, which bounds the memory. Further ones are not recorded.
    static let limit = 100_000

    private let seen = Mutex<[Session.ID: Date]>([:])

    /// Records that a session was used.
    func note(_ session: Session, at now: Date) {
        guard now.timeIntervalSince(session.lastSeenAt) >= Self.interval else { return }
        seen.withLock { seen in
            if seen.count < Self.limit || seen[session.id] != nil { seen[session.id] = now }
        }
    }

    /// When the session was last used, if that is not written yet.
    func time(of session: Session.ID) -> Date? { seen.withLock { $0[session] } }

    /// Removes and returns all times that have to be written.
    func take() -> [(id: Session.ID, time: Date)] {
        seen.withLock { seen in
            defer { seen = [:] }
            return seen.map { ($0.key, $0.value) }
        }
    }

    /// Adds times back that could not be written.
    func putBack(_ sightings: some Sequence<(id: Session.ID, time: Date)>) {
        seen.withLock { seen in
            for sighting in sightings where seen.count < Self.limit {
                seen[sighting.id] = max(sighting.time, seen[sighting.id] ?? .distantPast)
            }
        }
    }
}
