// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import AuthStore
public import Foundation

// Every process sweeps, on every host. In each transaction the first statement tries to take an advisory lock; a process
// that does not get it leaves the rest to the one that has it.
extension PostgresStore {
    /// Does nothing: the space of the tables is the database server's affair.
    public func recordSpace() {}

    /// Deletes settled rows of the history, one batch per transaction, unless another process does it now.
    ///
    /// - Parameters:
    ///   - time: rows settled before it are deleted; unrouted ones are kept for at least a day.
    ///   - batch: how many rows per transaction.
    /// - Returns: how many were deleted.
    public func purgeHistory(before time: Date, batch: Int = 1000) async throws -> Int {
        let (confirmed, unrouted) = (time.milliseconds, min(time, undeliveredCutoff).milliseconds)
        let batch = max(1, batch)
        var (total, cursor) = (0, Int64(0))
        while true {
            let start = cursor
            let step = try await outboxTransaction { connection -> SweepStep? in
                guard try connection.mayBegin(.trySweep) else { return nil }
                return try connection.sweepHistory(
                    after: start, limit: batch, confirmedBefore: confirmed, unroutedBefore: unrouted)
            }
            guard let step, let last = step.last else { return total }
            total += step.deleted
            cursor = last
            // Rows that were emitted after `confirmed` were settled even later.
            if step.lastTime >= confirmed { return total }
        }
    }

    /// Deletes expired sessions, including those of pending log-ins, one batch per transaction, unless another process
    /// does it now.
    ///
    /// - Returns: how many were deleted.
    public func purgeExpiredSessions(batch: Int = 1000) async throws -> Int {
        let batch = max(1, batch)
        var total = 0
        while true {
            let deleted = try await write { transaction in
                guard try transaction.connection.mayBegin(.trySweep) else { return 0 }
                return try transaction.deleteExpiredSessions(limit: batch)
            }
            total += deleted
            if deleted < batch { return total }
        }
    }

    public func permitsDeletion(process: String, period: Duration) async throws -> Bool {
        let now = clock.now().wholeMilliseconds
        return try await outboxTransaction { connection in
            var check = ClockJumpCheck()
            var doubter: String?
            // Locked, so that two hosts that run at once do not both record a doubt.
            if let row = try connection.query(.lastSweep).first {
                check.lastRun = try row.optionalTime(0)
                check.doubtedAt = try row.optionalTime(1)
                doubter = try row.optionalText(2)
            }
            if let doubtedAt = check.doubtedAt, let doubter, doubter != process,
                (0..<(period / .seconds(1) / 2)).contains(now.timeIntervalSince(doubtedAt))
            {
                return false
            }
            let isPlausible = check.accepts(now)
            connection.later(
                .recordSweep,
                [
                    .optional(check.lastRun?.milliseconds), .optional(check.doubtedAt?.milliseconds),
                    .optional(check.doubtedAt == nil ? nil : process),
                ])
            return isPlausible
        }
    }
}

/// A part of the history that was searched for old rows.
private struct SweepStep: Sendable {
    /// The last number; nil if nothing is left.
    var last: Int64?
    /// When the last row was emitted.
    var lastTime: Int64
    var deleted: Int
}

extension PostgresConnection {
    /// Whether the advisory lock of this statement was free.
    fileprivate func mayBegin(_ tryLock: PostgresStatement) throws -> Bool {
        try query(tryLock).first?.bool(0) ?? false
    }

    /// In order of sequence numbers: rows are settled after they are emitted, so the search can end early without an
    /// index that every settlement would have to update.
    fileprivate func sweepHistory(
        after sequence: Int64, limit: Int, confirmedBefore: Int64, unroutedBefore: Int64
    ) throws -> SweepStep {
        let rows = try query(
            .pageOfHistory,
            [.int(confirmedBefore), .int(unroutedBefore), .int(sequence), .int(Int64(limit))])
        guard let last = rows.last else { return SweepStep(last: nil, lastTime: 0, deleted: 0) }
        var (old, deleted): ([OutboxRecord.State: [Int64]], Int) = ([:], 0)
        for row in rows where try row.bool(3) {
            old[try row.text(2) == "confirmed" ? .confirmed : .unrouted, default: []].append(try row.int(0))
        }
        for (state, sequences) in old {
            let time = state == .confirmed ? confirmedBefore : unroutedBefore
            deleted += try purge(sequences, of: state, settledBefore: time)
        }
        return SweepStep(last: try last.int(0), lastTime: try last.int(1), deleted: deleted)
    }
}

extension PostgresStatement {
    fileprivate static let trySweep: PostgresStatement = """
        SELECT pg_try_advisory_xact_lock('auth_housekeeping'::regclass::oid::int, 1)
        """

    fileprivate static let pageOfHistory: PostgresStatement = """
        SELECT sequence, time, result,
            settled_at < CASE WHEN result = 'confirmed' THEN $1::bigint ELSE $2::bigint END
        FROM auth_outbox_history WHERE sequence > $3 ORDER BY sequence LIMIT $4
        """

    fileprivate static let lastSweep: PostgresStatement = """
        SELECT ran_at, doubted_at, doubted_by FROM auth_housekeeping FOR UPDATE
        """

    fileprivate static let recordSweep: PostgresStatement = """
        UPDATE auth_housekeeping SET ran_at = $1::bigint, doubted_at = $2::bigint, doubted_by = $3::text
        """
}
