// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthPostgres
public import AuthSignals
import AuthStore
public import Foundation
import Logging

extension PostgresStore: MailQueue {
    /// Waits for the mail lease: a session advisory lock on a connection of its own, which the server frees when the
    /// connection ends.
    public func acquireMailLease() async throws -> any Lease {
        try await StoreError.convertingPostgresErrors {
            try await PostgresLease.acquire(.mail, at: leaseURL, timeouts: pool.timeouts, logger: logger)
        }
    }

    public func mailWakeUps() -> AsyncStream<Void> { storeWakeUps.mail.stream() }

    public func dueMails(limit: Int, now: Date) async throws -> [QueuedMail] {
        let latest = now.addingTimeInterval(QueuedMail.longestWait)
        let found = try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in
                try connection.query(
                    .dueMails,
                    [.int(now.milliseconds), .int(latest.milliseconds), .int(Int64(max(0, limit)))])
            }
        }
        var mails: [QueuedMail] = []
        for row in found {
            let id = try StoreError.unreadable(row.uuid(0))
            do { mails.append(try open(row, id: id)) } catch { try await deferMail(id, error, now) }
        }
        return mails
    }

    public func accepted(_ mail: QueuedMail) async throws {
        _ = try await writeShielded { transaction in
            // Only the call that deletes the row emits: a mail that was accepted twice is one signal.
            let deleted = try transaction.connection.query(.deleteMails, [.uuids([mail.id])]).affected
            if deleted == 1, let signal = mail.draft.onAccepted { try transaction.emit(signal) }
        }
    }

    public func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws {
        _ = try await writeShielded { transaction in
            let failedAt = retryAt == nil ? transaction.now.milliseconds : nil
            transaction.connection.later(
                .mailFailed,
                [
                    .uuid(mail.id), .optional(retryAt?.milliseconds), .optional(failedAt),
                    .text(reason.storable.reason),
                ])
        }
    }

    public func nextMailDue() async throws -> Date? {
        try await StoreError.convertingPostgresErrors {
            try await pool.run { try $0.query(.nextMailDue).first?.optionalTime(0) }
        }
    }

    public func mailStatus() async throws -> MailStatus {
        try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in
                guard let row = try connection.query(.mailStatus).first else {
                    return MailStatus(pending: 0, oldestPending: nil, failed: 0)
                }
                return MailStatus(
                    pending: Int(try row.int(0)), oldestPending: try row.optionalTime(1),
                    failed: Int(try row.int(2)))
            }
        }
    }

    private func open(_ row: PostgresRow, id: UUID) throws -> QueuedMail {
        let plain = try keys.open(row.bytes(3), for: .mail, context: id.wireText)
        return QueuedMail(
            id: id, draft: try SignalCodec.decoder().decode(MailDraft.self, from: plain),
            queuedAt: try row.time(1), attempts: try row.attempts(2))
    }

    /// Defers a mail that cannot be decrypted, so that it does not stop the others. It does not fail permanently: a
    /// secret that is missing in `SECRET_KEY_FALLBACKS` may be added later.
    private func deferMail(_ id: UUID, _ error: any Error, _ now: Date) async throws {
        let text = (error as? KeyRingError)?.description ?? "the draft cannot be read"
        logger.error(
            "queued mail cannot be decrypted; deferred",
            metadata: ["mail": "\(id.wireText)", "error": "\(text)"])
        let due = now.addingTimeInterval(600).milliseconds
        try await outboxTransaction { connection in
            connection.later(.deferMail, [.uuid(id), .int(due), .text(text.storable)])
        }
    }
}

extension PostgresStatement {
    fileprivate static let dueMails: PostgresStatement = """
        SELECT id, queued_at, attempts, draft FROM auth_mail
        WHERE failed_at IS NULL AND (due_at <= $1 OR due_at > $2 OR last_error IS NULL)
        ORDER BY position LIMIT $3
        """

    fileprivate static let mailFailed: PostgresStatement = """
        UPDATE auth_mail SET attempts = least(greatest(attempts, 0), 1000000) + 1,
            due_at = coalesce($2::bigint, due_at), failed_at = $3::bigint, last_error = $4
        WHERE id = $1
        """

    fileprivate static let nextMailDue: PostgresStatement = """
        SELECT min(due_at) FROM auth_mail WHERE failed_at IS NULL
        """

    fileprivate static let mailStatus: PostgresStatement = """
        SELECT count(*) FILTER (WHERE failed_at IS NULL), min(queued_at) FILTER (WHERE failed_at IS NULL),
            count(failed_at)
        FROM auth_mail
        """

    fileprivate static let deferMail: PostgresStatement = """
        UPDATE auth_mail SET due_at = $2, last_error = $3 WHERE id = $1
        """
}
