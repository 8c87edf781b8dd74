// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthPostgres
import AuthSignals
import AuthStore
public import Foundation

extension PostgresTransaction {
    public func insert(_ session: Session) throws {
        later(.insertSession, try session.values(sealing: states))
        cache.set(session)
    }

    public func update(_ session: Session) throws {
        // A time that was noted before must not be written after this one.
        seen[session.id] = nil
        update(
            .updateSession, try session.values(sealing: states), isKnown: cache.isKnown(session: session.id))
        cache.set(session)
    }

    public func delete(_ session: Session) throws {
        later(.deleteSession, [.uuid(session.id)])
        seen[session.id] = nil
        cache.remove(session: session.id)
    }

    public func deleteSessions(of user: User.ID, except kept: Session.ID?) throws -> Int {
        let rows = try query(.deleteSessions, [.uuid(user), .optional(kept), .time(now)])
        cache.removeSessions(of: user, except: kept)
        return try rows.first.map { Int(try $0.int(0)) } ?? 0
    }

    public func deleteExpiredSessions(limit: Int) throws -> Int {
        guard try query(.lockExpiry).first?.bool(0) ?? false else { return 0 }
        let expired = try query(.deleteExpiredSessions, [.time(now), .int(Int64(max(0, limit)))])
            .map(ExpiredSession.init).sorted { $0.expiresAt < $1.expiresAt }
        cache.removeSessions(expiredAt: now)
        let owners = Array(Set(expired.compactMap(\.userID)))
        if !owners.isEmpty {
            later(.lockUsers, [.uuids(owners)])
            _ = try readAccounts(.accountsByID, [.uuids(owners)])
        }
        let request = SignalRequest()
        for session in expired {
            guard let id = session.userID, let user = cache.users[id] else { continue }
            do {
                try emit(
                    SessionEnded(
                        request: request, user: snapshot(of: user), session: session.snapshot,
                        reason: .expired))
            } catch is SignalError {
                // A row that another program has changed, so that its signal is too large, must not stop the others.
            }
        }
        return expired.count
    }

    private struct ExpiredSession {
        let id: Session.ID
        let userID: User.ID?
        let createdAt: Date
        let expiresAt: Date

        init(_ row: PostgresRow) throws {
            id = try row.uuid(0)
            userID = try row.optionalUUID(1)
            createdAt = try row.time(2)
            expiresAt = try row.time(3)
        }

        var snapshot: SessionSnapshot {
            SessionSnapshot(id: id.wireText, createdAt: createdAt, expiresAt: expiresAt)
        }
    }
}
