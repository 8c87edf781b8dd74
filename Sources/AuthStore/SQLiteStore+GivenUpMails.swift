// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
import GRDB

/// A mail that the mail loop has given up, as an operator looks at it.
public struct GivenUpMail: Sendable, Identifiable {
    public var id: UUID
    public var queuedAt: Date
    public var failedAt: Date
    /// How often it was tried.
    public var attempts: Int
    /// The transport's words on the last attempt.
    public var reason: String?
    /// Nil where it was sealed with a key that is not among ours.
    public var draft: MailDraft?
}

/// What an operator does with mails that were given up.
extension SQLiteStore {
    /// The mails that were given up, in the order in which they were queued.
    ///
    /// - Parameter ids: only these; nil: all.
    public func givenUpMails(ids: Set<UUID>? = nil) async throws -> [GivenUpMail] {
        try await read { (reading: SQLiteReading) in
            try reading.database.rows(
                "SELECT * FROM auth_mail WHERE failed_at IS NOT NULL ORDER BY position", []
            ).compactMap { row in
                let id: UUID = try row.decode(forColumn: "id")
                guard ids?.contains(id) ?? true else { return nil }
                let plain = try? self.keys.open(row["draft"], for: .mail, context: id.wireText)
                return GivenUpMail(
                    id: id, queuedAt: Date(milliseconds: row["queued_at"]),
                    failedAt: Date(milliseconds: row["failed_at"]), attempts: try row.decodeAttempts(),
                    reason: row["last_error"],
                    draft: plain.flatMap { try? SignalCodec.decoder().decode(MailDraft.self, from: $0) })
            }
        }
    }

    /// Tries them again, at once and with attempts counted anew.
    ///
    /// - Returns: how many.
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
        // It is no insertion, which would have been noticed.
        if count > 0 { bells.mail.wake() }
        return count
    }

    /// Deletes them.
    ///
    /// - Returns: how many.
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
