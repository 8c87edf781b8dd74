// SPDX-License-Identifier: Apache-2.0
import AuthStore
public import AuthFlows
public import AuthSignals
public import Foundation
import GRDB
import Logging
import SQLiteSupport

extension SQLiteStore: MailQueue {
    public func acquireMailLease() async throws -> any Lease { try await mailLease.acquire() }

    public func mailWakeUps() -> AsyncStream<Void> { storeWakeUps.mail.stream() }

    public func dueMails(limit: Int, now: Date) async throws -> [QueuedMail] {
        let due = try await read { (reading: SQLiteReading) in
            try reading.database.rows(
                """
                SELECT * FROM auth_mail
                WHERE failed_at IS NULL AND (due_at <= ? OR due_at > ? OR last_error IS NULL)
                ORDER BY position LIMIT ?
                """,
                [
                    now.milliseconds, now.addingTimeInterval(QueuedMail.longestWait).milliseconds, limit,
                ]
            ).map { row in
                (id: try row.decode(UUID.self, forColumn: "id"), mail: Result { try self.open(row) })
            }
        }
        for case (let id, .failure(let error)) in due { try await deferMail(id, error, now) }
        return due.compactMap { try? $0.mail.get() }
    }

    public func accepted(_ mail: QueuedMail) async throws {
        try await writeShielded { transaction in
            // Only the call that deletes the row emits: a mail that was accepted twice is one signal.
            let deleted = try transaction.database.run("DELETE FROM auth_mail WHERE id = ?", [mail.id])
            if deleted == 1, let signal = mail.draft.onAccepted { try transaction.emit(signal) }
        }
    }

    public func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws {
        try await writeShielded { transaction in
            let failedAt = retryAt == nil ? transaction.now.milliseconds : nil
            try transaction.database.run(
                """
                UPDATE auth_mail SET attempts = max(0, min(attempts, 1000000)) + 1, due_at = coalesce(?, due_at),
                    failed_at = ?, last_error = ?
                WHERE id = ?
                """, [retryAt?.milliseconds, failedAt, reason.reason, mail.id])
        }
    }

    public func nextMailDue() async throws -> Date? {
        try await read { (reading: SQLiteReading) in
            let due: Int64? = try reading.database.value(
                "SELECT min(due_at) FROM auth_mail INDEXED BY auth_mail_due WHERE failed_at IS NULL")
            return due.map(Date.init(milliseconds:))
        }
    }

    public func mailStatus() async throws -> MailStatus {
        try await read { (reading: SQLiteReading) in
            let database = reading.database
            let oldest: Int64? = try database.value(
                "SELECT min(queued_at) FROM auth_mail WHERE failed_at IS NULL")
            return MailStatus(
                pending: try database.value("SELECT count(*) FROM auth_mail WHERE failed_at IS NULL") ?? 0,
                oldestPending: oldest.map(Date.init(milliseconds:)),
                failed: try database.value("SELECT count(*) FROM auth_mail WHERE failed_at IS NOT NULL") ?? 0)
        }
    }

    private func open(_ row: Row) throws -> QueuedMail {
        let id: UUID = try row.decode(forColumn: "id")
        let plain = try keys.open(row["draft"], for: .mail, context: id.wireText)
        return QueuedMail(
            id: id, draft: try SignalCodec.decoder().decode(MailDraft.self, from: plain),
            queuedAt: Date(milliseconds: row["queued_at"]), attempts: try row.decodeAttempts())
    }

    /// Defers a mail that cannot be decrypted, so that it does not stop the others. It does not fail permanently: a
    /// secret that is missing in `SECRET_KEY_FALLBACKS` may be added later.
    private func deferMail(_ id: UUID, _ error: any Error, _ now: Date) async throws {
        let text = (error as? KeyRingError)?.description ?? "the draft cannot be read"
        logger.error(
            "queued mail cannot be decrypted; deferred",
            metadata: ["mail": "\(id.wireText)", "error": "\(text)"])
        _ = try await write { transaction in
            try transaction.database.run(
                "UPDATE auth_mail SET due_at = ?, last_error = ? WHERE id = ?",
                [now.addingTimeInterval(600).milliseconds, text, id])
        }
    }
}
