// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthStore
import Logging

// How signals get their numbers.
//
// Flows commit at the same time, and insert their signals without a number: a number that is drawn before the commit
// becomes visible in another order, and a lock from there to the commit makes all commits wait for each other's disk
// writes. The reader of the outbox numbers the committed rows, in the order of their ids, before it reads them.
//
// Why that is the order of commits: a transaction inserts its signals last, when it holds all its locks. If it has seen
// the commit of another transaction, its ids are higher; a snapshot that contains its rows contains those of the other
// one, too, so that these are numbered in the same batch or in an earlier one. Transactions that have not seen each
// other come in any order, which nothing can observe.
//
// Four rules keep this true:
//
// * The advisory lock is a statement of its own, before the numbering, under READ COMMITTED: the snapshot of the
//   numbering is then taken after the lock, and contains what the previous holder numbered. A statement that locks and
//   numbers has an older snapshot, and numbers rows twice.
// * The numbering is committed, durably, before its rows are returned, because the number is part of the message. If
//   there is nothing to number, nothing is written: rows are looked for before a transaction begins.
// * Numbers come from a row of `auth_outbox_count`, not from a sequence: a sequence skips numbers after a crash.
// * The search for rows without a number begins above `OutboxFloor`: otherwise it reads the dead version of every row
//   that was numbered since the oldest open snapshot, such as that of a backup.
extension PostgresConnection {
    /// Numbers rows in the running transaction, which must be READ COMMITTED and have no statement before.
    ///
    /// - Parameters:
    ///   - floor: only rows with a higher id.
    ///   - limit: the maximum number of rows.
    ///   - numbered: called with the number of rows when the answer has arrived.
    func numberRows(above floor: Int64, limit: Int, numbered: ((Int) -> Void)? = nil) {
        later(.lockNumbers)
        later(.numberRows, [.int(floor), .int(Int64(limit))], checking: numbered)
    }

    /// - Throws: ``StoreError/missingOutboxCount``, …
    func requireOutboxCount() throws {
        if try query(.lastNumber).isEmpty { throw StoreError.missingOutboxCount }
    }

    /// Makes sure that numbers in use are not assigned again: `last_sequence` may have been set back by hand. In a
    /// transaction that is READ COMMITTED and has no statement before.
    ///
    /// - Returns: the number after which numbering continues if `last_sequence` was too low and was raised; otherwise
    ///   nil.
    /// - Throws: ``StoreError/missingOutboxCount``, …
    func raiseLastSequence() throws -> Int64? {
        later(.lockNumbers)
        try requireOutboxCount()
        return try query(.raiseLastNumber).first?.int(0)
    }
}

extension PostgresStatement {
    // A database may have been set to `synchronous_commit = off`: after a crash, numbers that were published would be
    // assigned to other signals. Stricter settings than `on` are kept.
    static let lockNumbers: PostgresStatement = """
        SELECT pg_advisory_xact_lock('auth_outbox'::regclass::oid::int, 1),
            CASE WHEN current_setting('synchronous_commit') = 'off'
                THEN set_config('synchronous_commit', 'on', true) END
        """

    fileprivate static let lastNumber: PostgresStatement = "SELECT last_sequence FROM auth_outbox_count"

    fileprivate static let raiseLastNumber: PostgresStatement = """
        WITH used AS (
            SELECT greatest(
                (SELECT max(sequence) FROM auth_outbox WHERE sequence IS NOT NULL),
                (SELECT max(sequence) FROM auth_outbox_history),
                (SELECT max(sequence) FROM auth_outbox_parked)) AS highest
        )
        UPDATE auth_outbox_count SET last_sequence = used.highest FROM used
        WHERE last_sequence < used.highest RETURNING last_sequence
        """

    // `placed` is computed once, and `coalesce` hides that the partial index of unnumbered rows could be used: with
    // statistics of an empty outbox, PostgreSQL would compute the whole batch again for each row of a backlog.
    // `EXISTS`: without the row of `auth_outbox_count` nothing is numbered; the next look at the outbox reports it.
    static let numberRows: PostgresStatement = """
        WITH new AS MATERIALIZED (
            SELECT id FROM auth_outbox WHERE sequence IS NULL AND id > $1 ORDER BY id LIMIT $2
        ), counted AS (
            UPDATE auth_outbox_count SET last_sequence = last_sequence + (SELECT count(*) FROM new)
            WHERE EXISTS (SELECT FROM new) RETURNING last_sequence
        ), placed AS MATERIALIZED (
            SELECT id, row_number() OVER (ORDER BY id) - (SELECT count(*) FROM new) AS place FROM new
        )
        UPDATE auth_outbox AS o SET sequence = (SELECT last_sequence FROM counted) + placed.place
        FROM placed
        WHERE o.id = placed.id AND coalesce(o.sequence, 0) = 0 AND EXISTS (SELECT FROM counted)
        """
}

extension PostgresStore {
    /// How many rows are numbered in one transaction, at least: one wait for the disk.
    static let numberingBatch = 500
    /// How many rows are numbered in one transaction, at most.
    static let largestNumberingBatch = 100_000

    func logRaised(to sequence: Int64) {
        logger.warning(
            "last_sequence of auth_outbox_count was below numbers in use; raised",
            metadata: ["last_sequence": "\(sequence)"])
    }

    /// Numbers all rows that are committed now, so that an operator sees them.
    func numberAll() async throws {
        let session = relayLease.session
        let raised = try await outboxTransaction(on: session) { try $0.raiseLastSequence() }
        if let raised { logRaised(to: raised) }
        while true {
            let count = try await outboxTransaction(on: session) { connection in
                var count = 0
                connection.numberRows(above: 0, limit: 10 * Self.numberingBatch) { count = $0 }
                try connection.flush()
                return count
            }
            if count < 10 * Self.numberingBatch { return }
        }
    }
}
