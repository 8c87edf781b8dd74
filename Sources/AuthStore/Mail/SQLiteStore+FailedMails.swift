// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// A permanently failed mail, as an operator sees it.
public struct FailedMail: Sendable, Identifiable {
    public var id: UUID
    public var queuedAt: Date
    public var failedAt: Date
    /// How often it was tried.
    public var attempts: Int
    /// The transport's error text of the last attempt.
    public var reason: String?
    /// Nil if it was encrypted with a key that is not set.
    public var draft: MailDraft?
}

/// An operator's actions on failed mails.
extension SQLiteStore {
    /// The failed mails, in the order in which they were queued.
    ///
    /// - Parameter ids: only these; nil for all.
    public func failedMails(ids: Set<UUID>? = nil) async throws -> [FailedMail] {
        try await read { (reading: SQLiteReading) in
            try reading.database.rows(
                "SELECT * FROM auth_mail WHERE failed_at IS NOT NULL ORDER BY position", []
            ).compactMap { row in
                let id: UUID = try row.decode(forColumn: "id")
                guard ids?.contains(id) ?? true else { return nil }
                let plain = try? self.keys.open(row["draft"], for: .mail, context: id.wireText)
                return FailedMail(
                    id: id, queuedAt: Date(milliseconds: row["queued_at"]),
                    failedAt: Date(milliseconds: row["failed_at"]), attempts: try row.decodeAttempts(),
                    reason: row["last_error"],
                    draft: plain.flatMap { try? SignalCodec.decoder().decode(MailDraft.self, from: $0) })
            }
        }
    }

    /// Retries failed mails immediately, with the count of attempts reset.
    ///
    /// - Returns: how many are retried.
    public func retryMails(_ ids: [UUID]) async throws -> Int {
        let now = clock.now().milliseconds
        let count = try await write { transaction in
            try ids.reduce(0) {
                $0
                    + (try transaction.database.run(
                        """
                        UPDATE auth_mail SET failed_at = NULL, due_at = ?, attempts = 0
                        WHERE id = ? AND failed_at IS NOT NULL
                        """, [now, $1]))
            }
        }
        // The commit observer notices only insertions, and this is an update.
        if count > 0 { storeWakeUps.mail.wake() }
        return count
    }

    /// Deletes failed mails.
    ///
    /// - Returns: how many were deleted.
    public func dropMails(_ ids: [UUID]) async throws -> Int {
        try await write { transaction in
            try ids.reduce(0) {
                $0
                    + (try transaction.database.run(
                        "DELETE FROM auth_mail WHERE id = ? AND failed_at IS NOT NULL", [$1]))
            }
        }
    }
}
