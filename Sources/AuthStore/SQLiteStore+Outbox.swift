// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import GRDB

extension SQLiteStore: Outbox {
    public func acquireRelayRole() async throws -> any RelayRole { try await relayRole.acquire() }

    public func wakeUps() -> AsyncStream<Void> { bells.outbox.stream() }

    // MARK: Reading

    public func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        try await read { (reading: SQLiteReading) in
            // The limit counts rows that are not due too, so that a read never grows long over them.
            let rows = try reading.database.rows(
                "SELECT * FROM auth_outbox WHERE sequence > ? ORDER BY sequence LIMIT ?", [cursor, limit])
            return OutboxPage(
                rows: try rows.filter { ($0["not_before"] as Int64) <= now.milliseconds }
                    .map(OutboxRow.init(row:)),
                cursor: rows.last?["sequence"] ?? cursor)
        }
    }

    public func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        try await read { (reading: SQLiteReading) in
            try reading.database.rows(
                """
                SELECT * FROM auth_outbox WHERE not_before > 0 AND not_before <= ? AND sequence <= ?
                ORDER BY sequence LIMIT ?
                """, [now.milliseconds, cursor, limit]
            ).map(OutboxRow.init(row:))
        }
    }

    public func rows(
        ofSubject subject: String, after sequence: Int64, limit: Int
    ) async throws -> [OutboxRow] {
        try await read { (reading: SQLiteReading) in
            try reading.database.rows(
                "SELECT * FROM auth_outbox WHERE subject = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                [subject, sequence, limit]
            ).map(OutboxRow.init(row:))
        }
    }

    // MARK: Settling

    public func settle(_ settlements: [OutboxSettlement]) async throws {
        if settlements.isEmpty { return }
        let keepsConfirmed = retention > .zero
        try await writeShielded { transaction in
            var count = OutboxCount()
            for settlement in settlements {
                try transaction.settle(settlement, keepsConfirmed: keepsConfirmed, &count)
            }
            try count.add(to: transaction.database)
        }
    }

    public func status() async throws -> OutboxStatus {
        try await read { (reading: SQLiteReading) in try OutboxCount.status(reading.database) }
    }
}

extension SQLiteTransaction {
    fileprivate func settle(
        _ settlement: OutboxSettlement, keepsConfirmed: Bool, _ count: inout OutboxCount
    ) throws {
        let sequence = settlement.sequence
        let at = settlement.at.milliseconds
        switch settlement.result {
        case .confirmed:
            if keepsConfirmed {
                count.confirmed += try leave(
                    sequence, into: "auth_outbox_history", "result", "confirmed", at)
            } else {
                let gone = try database.run("DELETE FROM auth_outbox WHERE sequence = ?", [sequence])
                count.confirmed += gone
                count.purged += gone
            }
        case .unrouted:
            count.unrouted += try leave(sequence, into: "auth_outbox_history", "result", "unrouted", at)
        case .parked(let reason):
            count.parked += try leave(sequence, into: "auth_outbox_parked", "reason", reason.reason, at)
        case .retry(let moment, let reason):
            try database.run(
                """
                UPDATE auth_outbox SET attempts = attempts + 1, not_before = ?, last_error = ?
                WHERE sequence = ?
                """, [max(1, moment.milliseconds), reason.reason, sequence])
        }
    }

    /// Moves a row out of the outbox.
    ///
    /// - Returns: 1, or 0 where it was gone already.
    private func leave(
        _ sequence: Int64, into table: String, _ column: String, _ value: String, _ at: Int64
    ) throws -> Int {
        let moved = try database.run(
            """
            INSERT INTO \(table) (\(OutboxColumns.kept), \(column), settled_at)
            SELECT \(OutboxColumns.kept), ?, ? FROM auth_outbox WHERE sequence = ?
            """, [value, at, sequence])
        try database.run("DELETE FROM auth_outbox WHERE sequence = ?", [sequence])
        return moved
    }
}

enum OutboxColumns {
    /// What a row keeps wherever it goes.
    static let kept =
        "sequence, message_id, name, schema_version, subject, time, correlation_id, attempts, trace, data"
}
