// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import GRDB
import Logging
import SQLiteSupport

/// Sessions as they are stored: their state (pending steps and recent proofs) is encrypted, bound to the session's id.
struct SealedSessions {
    let keys: KeyRing
    let logger: Logger

    func row(of session: Session) throws -> StoredRow {
        let state = try SignalCodec.encoderOfWhatIsSealed().encode(session.state)
        return StoredRow(
            table: "auth_session", id: session.id,
            columns: [
                "token_hash": session.tokenHash, "user_id": session.userID,
                "client": session.client.rawValue, "created_at": session.createdAt.milliseconds,
                "expires_at": session.expiresAt.milliseconds,
                "last_seen_at": session.lastSeenAt.milliseconds, "ip": session.ip,
                "user_agent": session.userAgent,
                "state": try keys.seal(state, for: .session, context: session.id.wireText),
            ])
    }

    func open(_ row: Row) throws -> Session {
        let id: UUID = try row.decode(forColumn: "id")
        return Session(
            id: id, tokenHash: row["token_hash"], userID: try row.decode(forColumn: "user_id"),
            client: .init(rawValue: row["client"]), createdAt: Date(milliseconds: row["created_at"]),
            expiresAt: Date(milliseconds: row["expires_at"]),
            lastSeenAt: Date(milliseconds: row["last_seen_at"]), ip: row["ip"], userAgent: row["user_agent"],
            state: try state(row["state"], of: id))
    }

    private func state(_ sealed: Data, of id: UUID) throws -> SessionState {
        do {
            let plain = try keys.open(sealed, for: .session, context: id.wireText)
            return try SignalCodec.decoderOfWhatIsSealed().decode(SessionState.self, from: plain)
        } catch KeyRingError.unknownKey {
            // The secret was changed without keeping the former one. The user stays logged in, because that depends on
            // the token; pending steps and recent proofs have to be repeated.
            logger.info(
                "session state discarded: encrypted with an unknown secret",
                metadata: ["session": "\(id.wireText)"])
            return SessionState()
        } catch let error where error is KeyRingError || error is DecodingError {
            // One damaged row must not keep an operator from ending the user's sessions; an empty state grants nothing.
            logger.warning(
                "session state discarded: it cannot be read",
                metadata: ["session": "\(id.wireText)", "error": "\(type(of: error))"])
            return SessionState()
        }
    }
}
