// SPDX-License-Identifier: Apache-2.0
import AuthStore
public import AuthSignals
public import Foundation
import GRDB
import Logging
import SQLiteSupport

extension SQLiteStore: Outbox {
    public func acquireRelayLease() async throws -> any Lease { try await relayLease.acquire() }

    public func wakeUps() -> AsyncStream<Void> { storeWakeUps.outbox.stream() }

    // MARK: Reading

    public func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        try await read { (reading: SQLiteReading) in
            var page = OutboxPage(rows: [], cursor: cursor)
            var examined = 0
            // The limit includes rows that are not due, so that many of them cannot make a read long.
            try reading.database.forEachRow(
                """
                SELECT \(OutboxColumns.common), not_before > ? AND not_before <= ? FROM auth_outbox
                WHERE sequence > ? ORDER BY sequence LIMIT ?
                """, [now.milliseconds, now.latestDue, cursor, limit]
            ) { row in
                page.cursor = row[0]
                examined += 1
                if row[OutboxColumns.count] as Bool { return }
                do { page.rows.append(try OutboxRow(row: row)) } catch { self.logUnreadable(error) }
            }
            page.hasMore = examined >= limit
            return page
        }
    }

    public func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        try await read { (reading: SQLiteReading) in
            try reading.database.outboxRows(
                """
                SELECT \(OutboxColumns.common) FROM auth_outbox
                WHERE not_before > 0 AND (not_before <= ? OR not_before > ?) AND sequence <= ?
                ORDER BY sequence LIMIT ?
                """, [now.milliseconds, now.latestDue, cursor, limit],
                unreadable: self.logUnreadable)
        }
    }

    public func rows(
        ofSubject subject: String, after sequence: Int64, limit: Int
    ) async throws -> [OutboxRow] {
        try await read { (reading: SQLiteReading) in
            try reading.database.outboxRows(
                """
                SELECT \(OutboxColumns.common) FROM auth_outbox
                WHERE sequence IN (\(OutboxColumns.ofSubject) AND sequence > ? ORDER BY sequence LIMIT ?)
                ORDER BY sequence
                """, [sequence, subject.asSubject, sequence, limit], unreadable: self.logUnreadable)
        }
    }

    /// Logs an unreadable row. It stays in its table: it is not lost, and does not stop the others.
    @Sendable func logUnreadable(_ error: any Error) {
        logger.error("outbox row unreadable; skipped", metadata: ["error": "\(error)"])
    }

    // MARK: Settling

    public func settle(_ settlements: [OutboxSettlement]) async throws {
        if settlements.isEmpty { return }
        let keepsConfirmed = retention > .zero
        try await writeShielded { transaction in
            var count = OutboxCount()
            for run in settlements.runs {
                try transaction.settle(run, keepsConfirmed: keepsConfirmed, &count)
            }
            try count.add(to: transaction.database)
        }
    }

    public func status() async throws -> OutboxStatus {
        try await read { (reading: SQLiteReading) in try OutboxCount.status(reading.database) }
    }
}

extension Date {
    /// Until when a row that is deferred now may wait. A row that would wait longer was deferred by a wrong clock.
    fileprivate var latestDue: Int64 { addingTimeInterval(OutboxSettlement.longestWait).milliseconds }
}

/// Rows with consecutive numbers that have the same outcome: they are settled by one statement.
private struct SettledRun {
    var sequences: ClosedRange<Int64>
    var at: Int64
    var result: OutboxSettlement.Result
}

extension [OutboxSettlement] {
    fileprivate var runs: [SettledRun] {
        reduce(into: []) { runs, settlement in
            let (sequence, at) = (settlement.sequence, settlement.at.milliseconds)
            if let last = runs.last, last.at == at, last.sequences.upperBound != .max,
                last.sequences.upperBound + 1 == sequence,
                last.result == settlement.result
            {
                runs[runs.count - 1].sequences = last.sequences.lowerBound...sequence
            } else {
                runs.append(SettledRun(sequences: sequence...sequence, at: at, result: settlement.result))
            }
        }
    }
}

extension SQLiteTransaction {
    fileprivate func settle(
        _ run: SettledRun, keepsConfirmed: Bool, _ count: inout OutboxCount
    ) throws {
        switch run.result {
        case .confirmed where keepsConfirmed:
            count.confirmed += try move(run, into: "auth_outbox_history", "result", "confirmed")
        case .confirmed:
            let gone = try delete(run.sequences)
            count.confirmed += gone
            count.purged += gone
        case .unrouted:
            count.unrouted += try move(run, into: "auth_outbox_history", "result", "unrouted")
        case .parked(let reason):
            count.parked += try move(run, into: "auth_outbox_parked", "reason", reason.reason)
        case .retry(let time, let reason):
            try database.run(
                """
                UPDATE auth_outbox SET attempts = max(0, min(attempts, 1000000)) + 1, not_before = ?, last_error = ?
                WHERE sequence BETWEEN ? AND ?
                """,
                [
                    max(1, time.milliseconds), reason.reason, run.sequences.lowerBound,
                    run.sequences.upperBound,
                ])
        }
    }

    /// Moves rows out of the outbox.
    ///
    /// - Returns: how many rows existed.
    private func move(
        _ run: SettledRun, into table: String, _ column: String, _ value: String
    ) throws -> Int {
        let moved = try database.run(
            """
            INSERT INTO \(table) (\(OutboxColumns.common), \(column), settled_at)
            SELECT \(OutboxColumns.common), ?, ? FROM auth_outbox WHERE sequence BETWEEN ? AND ? ORDER BY sequence
            """, [value, run.at, run.sequences.lowerBound, run.sequences.upperBound])
        try delete(run.sequences)
        return moved
    }

    @discardableResult
    private func delete(_ sequences: ClosedRange<Int64>) throws -> Int {
        try database.run(
            "DELETE FROM auth_outbox WHERE sequence BETWEEN ? AND ?",
            [sequences.lowerBound, sequences.upperBound])
    }
}

enum OutboxColumns {
    /// The columns that a row keeps in every table.
    static let common =
        "sequence, message_id, name, schema_version, subject, time, correlation_id, attempts, trace, data"
    /// The number of columns in ``common``.
    static let count = 10
    /// The numbers of a subject's rows, in the blocks of 4,096 numbers from that of a given number on; the parameters are
    /// that number and the subject. The index of subjects is ordered by block, so that a row and its successor are near
    /// each other in it; each block that contains rows is looked up.
    static let ofSubject = """
        WITH RECURSIVE block (number) AS (
            SELECT ? >> 12
            UNION ALL
            SELECT (
                SELECT sequence >> 12 FROM auth_outbox
                WHERE sequence >= (number + 1) << 12 ORDER BY sequence LIMIT 1
            ) FROM block WHERE number < 9223372036854775807 >> 12
        )
        SELECT sequence FROM block CROSS JOIN auth_outbox
        WHERE sequence >> 12 = block.number AND subject = ?
        """
    /// The columns that an operator sees; ``OutboxRecord/State/source`` has all of them in every state.
    static let record = "\(common), not_before, settled_at, reason"
}
