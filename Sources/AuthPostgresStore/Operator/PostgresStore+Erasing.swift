// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
public import AuthStore
import Foundation

extension PostgresStore {
    /// Deletes the rows of the outbox, its history and the mail queue about one person.
    ///
    /// PostgreSQL does not overwrite bytes: those of deleted rows stay in the tables' files until a vacuum, which runs by
    /// itself, and in the write-ahead log, in its archive and in backups as long as these are kept.
    ///
    /// Signals that were already delivered are not affected, and a signal in flight to the broker may still arrive.
    /// Every sequence number stays accounted for (``verifyOutbox()``). The account itself is not changed.
    ///
    /// - Parameter subject: the user's id.
    public func erase(subject: String) async throws -> OutboxErasure {
        let subject = subject.asSubject
        let (mails, sealedMails) = try await write { transaction in
            let (found, sealed) = try transaction.mails(to: subject)
            if found.isEmpty { return (0, sealed) }
            return (try transaction.query(.deleteMails, [.uuids(found)]).affected, sealed)
        }
        var erasure = OutboxErasure(
            pending: try await erasePending(subject), settled: 0, mails: mails, sealedMails: sealedMails)
        for state in OutboxRecord.State.allCases where state != .pending {
            erasure.settled += try await inBatches(OutboxFilter([state], subject: subject), state) {
                try $0.purge($1, of: state, settledBefore: .max)
            }
        }
        return erasure
    }

    /// Does nothing: PostgreSQL cannot overwrite deleted rows.
    public func overwriteDeletedRows() async throws {}

    public func undecryptableMailCount() async throws -> Int {
        try await read { (reading: PostgresReading) in try reading.mails(to: "").sealed }
    }

    /// Deletes pending rows of one person. Those without a number get one, so that every emitted signal has a number: as
    /// they are deleted in the same transaction, it is enough to count the numbers as assigned.
    private func erasePending(_ subject: String) async throws -> Int {
        var total = 0
        while true {
            let count = try await outboxTransaction { connection in
                try connection.withTimeout(Self.scanTimeout) {
                    connection.later(.lockNumbers)
                    try connection.requireOutboxCount()
                    return try connection.query(.erasePending, [.text(subject.storable), .int(1000)]).count(0)
                }
            }
            total += count
            // Fewer than a thousand may be left, or the relay has settled some of them meanwhile.
            if count == 0 { return total }
        }
    }
}

extension PostgresStatement {
    fileprivate static let erasePending: PostgresStatement = """
        WITH gone AS (
            DELETE FROM auth_outbox WHERE id IN (SELECT id FROM auth_outbox WHERE subject = $1 LIMIT $2)
            RETURNING sequence
        ), change AS (
            SELECT count(*) AS erased, count(*) FILTER (WHERE sequence IS NULL) AS numbered FROM gone
        )
        UPDATE auth_outbox_count AS o
        SET last_sequence = o.last_sequence + change.numbered, erased = o.erased + change.erased
        FROM change WHERE change.erased > 0 RETURNING change.erased
        """
}
