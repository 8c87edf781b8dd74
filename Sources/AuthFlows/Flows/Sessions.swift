// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
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
    /// - Parameters:
    ///   - token: the token of the session.
    ///   - request: the request that contained the token. If its client is another one than before,
    ///     ``writeSightings()`` emits `session_client_changed`.
    /// - Returns: nil if the token is unknown or expired, or if its session is not logged in.
    public func authenticate(
        token: SessionToken, request: SignalRequest = SignalRequest()
    ) async throws -> Authentication? {
        let caller = try await accounts.caller(FlowContext(token: token, request: request))
        guard case .user(let authentication) = caller else { return nil }
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
    /// each, and their client if it has changed: `session_client_changed`. Call it periodically, as `StoreHousekeeping`
    /// does, and once at shutdown.
    ///
    /// - Returns: the number of sessions that were written.
    public func writeSightings() async throws -> Int {
        // In the order of ids, and few in one transaction if they read rows, so that hosts that write the same sessions
        // seldom wait for each other.
        var rest = accounts.sightings.take().sorted {
            ($0.client == nil ? 0 : 1, $0.id.wireText) < ($1.client == nil ? 0 : 1, $1.id.wireText)
        }[...]
        let total = rest.count
        while !rest.isEmpty {
            let unchanged = rest.prefix(500).prefix { $0.client == nil }
            let batch = Array(unchanged.isEmpty ? rest.prefix(20) : unchanged)
            do {
                try await accounts.store.transaction { transaction in
                    for sighting in batch {
                        if let client = sighting.client {
                            let flow = FlowTransaction(
                                accounts: accounts, transaction: transaction,
                                context: FlowContext(request: client.request))
                            try flow.recordClient(of: client.tokenHash, client.user)
                        }
                        try transaction.markSeen(sighting.id, at: sighting.time)
                    }
                }
            } catch {
                accounts.sightings.putBack(rest)
                throw error
            }
            rest = rest.dropFirst(batch.count)
        }
        return total
    }

    /// Ends sessions of the caller, each with `session_ended`: the session of this call last, and with
    /// `user_logged_out` before.
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
            try emitSessionEnded(authentication.user, session, because: .endedByUser)
        }
        if ids.contains(authentication.session.id) {
            try logOut(authentication.user, authentication.session, because: .endedByUser)
        }
        return try sessions()
    }
}

extension FlowTransaction {
    /// Stores the client of this request with a session: `session_client_changed`, unless the session has ended or that
    /// client is stored already.
    func recordClient(of tokenHash: Data, _ owner: User.ID) throws {
        // Rows that another program has changed must not stop the other sessions: neither if they are unreadable, nor
        // if they make the signal too large.
        // The session first, as in all flows: in another order they would wait for each other.
        guard var session = (try? transaction.session(tokenHash: tokenHash)) ?? nil,
            let user = (try? transaction.user(id: owner)) ?? nil,
            session.userID == owner, session.expiresAt > now, session.isUsedByAnotherClient(in: request)
        else { return }
        do { try emitClientChanged(user, session) } catch is SignalError {}
        session.ip = request.ip ?? session.ip
        session.userAgent = request.userAgent ?? session.userAgent
        try transaction.update(session)
    }
}

/// A use of a session that is not written yet.
struct SessionSighting: Sendable {
    var id: Session.ID
    var time: Date
    /// The first request by another client than the one that is stored, and the session's user.
    var client: (request: SignalRequest, user: User.ID, tokenHash: Data)?
}

/// The times at which sessions were last used, and by which client if it has changed. They are kept in memory until
/// ``Sessions/writeSightings()`` writes them to the store in batches, so that a request that only uses its session does
/// not wait for the disk.
///
/// A session is recorded only if its stored time is at least ``interval`` old, so that it is written at most once in
/// that time, or if its client has changed. Of several changes until the next write, the first one is recorded: a user
/// whose address alternates causes one signal per write.
final class LastSeenTracker: Sendable {
    /// The minimum age, in seconds, of a stored time before it is updated. The stored time can get older than this by
    /// the time until the next write.
    static let interval: TimeInterval = 300
    /// The maximum number of sessions until the next write, which bounds the memory. Further ones are not recorded.
    static let limit = 100_000

    private let seen = Mutex<[Session.ID: SessionSighting]>([:])

    /// Records that a user's session was used in a request.
    func note(_ session: Session, at now: Date, in request: SignalRequest) {
        let isChanged = session.isUsedByAnotherClient(in: request)
        guard isChanged || now.timeIntervalSince(session.lastSeenAt) >= Self.interval else { return }
        seen.withLock { seen in
            var sighting = seen[session.id] ?? SessionSighting(id: session.id, time: now)
            sighting.time = now
            if isChanged, sighting.client == nil, let user = session.userID {
                sighting.client = (request, user, session.tokenHash)
            }
            if seen.count < Self.limit || seen[session.id] != nil { seen[session.id] = sighting }
        }
    }

    /// When the session was last used, if that is not written yet.
    func time(of session: Session.ID) -> Date? { seen.withLock { $0[session]?.time } }

    /// Removes and returns everything that has to be written.
    func take() -> [SessionSighting] {
        seen.withLock { seen in
            defer { seen = [:] }
            return Array(seen.values)
        }
    }

    /// Adds back what could not be written.
    func putBack(_ sightings: some Sequence<SessionSighting>) {
        seen.withLock { seen in
            for var sighting in sightings where seen.count < Self.limit {
                sighting.time = max(sighting.time, seen[sighting.id]?.time ?? .distantPast)
                sighting.client = sighting.client ?? seen[sighting.id]?.client
                seen[sighting.id] = sighting
            }
        }
    }
}
