// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import AuthFlows
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// An operator's actions on failed mails.
extension SQLiteStore {
    /// The failed mails, in the order in which they were queued.
    ///
    /// - Parameter ids: only these; nil for all.
    public func failedMails(ids: Set<UUID>? = nil) async throws -> [FailedMail] {
        try await read { (reading: SQLiteReading) in
            // Because of the plus sign SQLite does not read all mails in the order of positions.
            try reading.database.rows(
                "SELECT * FROM auth_mail WHERE failed_at IS NOT NULL ORDER BY +position", []
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
