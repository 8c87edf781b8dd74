// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthSignals
public import AuthStore
public import Foundation

/// An operator's actions on failed mails.
extension PostgresStore {
    public func failedMails(ids: Set<UUID>? = nil) async throws -> [FailedMail] {
        let keys = keys
        return try await read { (reading: PostgresReading) in
            let rows =
                if let ids {
                    try reading.connection.query(.failedMailsByID, [.uuids(Array(ids))])
                } else {
                    try reading.connection.query(.failedMails)
                }
            return try rows.map { row in
                let id = try row.uuid(0)
                let plain = try? keys.open(row.bytes(5), for: .mail, context: id.wireText)
                return FailedMail(
                    id: id, queuedAt: try row.time(1), failedAt: try row.time(2),
                    attempts: try row.attempts(3), reason: try row.optionalText(4),
                    draft: plain.flatMap { try? SignalCodec.decoder().decode(MailDraft.self, from: $0) })
            }
        }
    }

    public func retryMails(_ ids: [UUID]) async throws -> Int {
        let now = clock.now().milliseconds
        let count = try await outboxTransaction { connection in
            try connection.query(.retryMails, [.uuids(ids), .int(now)]).affected
        }
        // A transaction wakes the mail loop only for mails that it queues.
        if count > 0 { storeWakeUps.mail.wake() }
        return count
    }

    public func dropMails(_ ids: [UUID]) async throws -> Int {
        try await outboxTransaction { connection in
            try connection.query(.dropMails, [.uuids(ids)]).affected
        }
    }
}

extension PostgresStatement {
    fileprivate static let failedMails: PostgresStatement = """
        SELECT id, queued_at, failed_at, attempts, last_error, draft FROM auth_mail
        WHERE failed_at IS NOT NULL ORDER BY position
        """

    fileprivate static let failedMailsByID: PostgresStatement = """
        SELECT id, queued_at, failed_at, attempts, last_error, draft FROM auth_mail
        WHERE failed_at IS NOT NULL AND id = ANY($1) ORDER BY position
        """

    fileprivate static let retryMails: PostgresStatement = """
        UPDATE auth_mail SET failed_at = NULL, due_at = $2, attempts = 0
        WHERE id = ANY($1) AND failed_at IS NOT NULL
        """

    fileprivate static let dropMails: PostgresStatement = """
        DELETE FROM auth_mail WHERE id = ANY($1) AND failed_at IS NOT NULL
        """
}
