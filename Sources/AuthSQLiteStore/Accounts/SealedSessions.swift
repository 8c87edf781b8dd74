// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import GRDB
import Logging
import SQLiteSupport

/// Sessions as they are stored: their state (pending steps and recent proofs) is encrypted, bound to the session's id.
struct SealedSessions: Sendable {
    private let sealing: SealedSessionState

    init(keys: KeyRing, logger: Logger) { sealing = SealedSessionState(keys: keys, logger: logger) }

    func row(of session: Session) throws -> StoredRow {
        StoredRow(
            table: "auth_session", id: session.id,
            columns: [
                "token_hash": session.tokenHash, "user_id": session.userID,
                "client": session.client.rawValue, "created_at": session.createdAt.milliseconds,
                "expires_at": session.expiresAt.milliseconds,
                "last_seen_at": session.lastSeenAt.milliseconds, "ip": session.ip,
                "user_agent": session.userAgent,
                "state": try sealing.seal(session.state, of: session.id),
            ])
    }

    func open(_ row: Row) throws -> Session {
        let id: UUID = try row.decode(forColumn: "id")
        return Session(
            id: id, tokenHash: row["token_hash"], userID: try row.decode(forColumn: "user_id"),
            client: .init(rawValue: row["client"]), createdAt: Date(milliseconds: row["created_at"]),
            expiresAt: Date(milliseconds: row["expires_at"]),
            lastSeenAt: Date(milliseconds: row["last_seen_at"]), ip: row["ip"], userAgent: row["user_agent"],
            state: try sealing.open(row["state"], of: id))
    }
}
