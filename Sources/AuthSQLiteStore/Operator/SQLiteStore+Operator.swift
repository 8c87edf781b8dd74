// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// An operator's actions on the outbox.
extension SQLiteStore {
    /// The matching rows, in order.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - sequence: the last number of the previous call.
    ///   - limit: the maximum number of rows.
    public func outboxRecords(
        _ filter: OutboxFilter, after sequence: Int64 = 0, limit: Int = 100
    ) async throws -> [OutboxRecord] {
        try await read { (reading: SQLiteReading) in
            var records: [OutboxRecord] = []
            for state in filter.states {
                let rows = try filter.rows(reading.database, state, after: sequence)
                var found = 0
                while found < limit, let row = try rows.next() {
                    guard try filter.matches(row) else { continue }
                    do {
                        records.append(try OutboxRecord(state: state, row: row))
                        found += 1
                    } catch {
                        self.logUnreadable(error)
                    }
                }
            }
            return Array(records.sorted { $0.row.sequence < $1.row.sequence }.prefix(max(0, limit)))
        }
    }

    /// The parked row that was emitted last; nil if no row is parked.
    public func newestParked() async throws -> OutboxRecord? {
        try await read { (reading: SQLiteReading) in
            try reading.database.row(
                """
                SELECT \(OutboxColumns.record) FROM \(OutboxRecord.State.parked.source)
                ORDER BY sequence DESC LIMIT 1
                """
            ).map { try OutboxRecord(state: .parked, row: $0) }
        }
    }

    /// Republishes rows: they return to the outbox with the same id, sequence number and time, due immediately, and
    /// their attempts are counted from 0. Deferred pending rows become due immediately and keep their attempts.
    ///
    /// - Returns: how many rows.
    public func republish(_ filter: OutboxFilter) async throws -> Int {
        var total = 0
        for state in filter.states {
            total += try await inBatches(filter, state) { transaction, sequences in
                try transaction.republish(sequences, from: state)
            }
        }
        // The commit observer notices only insertions; deferred rows were only updated.
        if total > 0 { storeWakeUps.outbox.wake() }
        return total
    }

    /// Deletes settled rows. Pending rows are never deleted. Unrouted and parked rows are kept for at least a day after
    /// the broker's answer, whatever `filter` and `time` are.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - time: rows settled before it are deleted.
    /// - Returns: how many were deleted.
    public func purge(_ filter: OutboxFilter, settledBefore time: Date) async throws -> Int {
        var total = 0
        for state in filter.states where state != .pending {
            let time = state == .confirmed ? time : min(time, undeliveredCutoff)
            total += try await inBatches(filter, state, settledBefore: time) { transaction, sequences in
                try transaction.purge(
                    sequences, from: state.table, where: "\(state.condition) AND settled_at < ?",
                    [time.milliseconds])
            }
        }
        return total
    }

    /// Unrouted and parked rows may be deleted if they were settled before this time: a day ago.
    var undeliveredCutoff: Date { clock.now().addingTimeInterval(-86_400) }

    /// Runs `work` on all matching rows, a thousand per transaction, so that other writers do not wait long. The rows are
    /// found by a read before: `work` must check again what may have changed since.
    func inBatches(
        _ filter: OutboxFilter, _ state: OutboxRecord.State, settledBefore: Date? = nil,
        _ work: @escaping @Sendable (SQLiteTransaction, [Int64]) throws -> Int
    ) async throws -> Int {
        var (total, cursor) = (0, Int64(0))
        while true {
            let start = cursor
            let sequences = try await read { (reading: SQLiteReading) in
                var sequences: [Int64] = []
                let rows = try filter.rows(
                    reading.database, state, columns: "sequence, name", after: start,
                    settledBefore: settledBefore)
                while sequences.count < 1000, let row = try rows.next() {
                    if try filter.matches(row) { sequences.append(row["sequence"]) }
                }
                return sequences
            }
            guard let last = sequences.last else { return total }
            cursor = last
            total += try await write { try work($0, sequences) }
        }
    }
}

extension SQLiteTransaction {
    /// Moves rows back to the outbox. One that is in another state by now stays: another operator has republished it, and
    /// it was settled again.
    func republish(_ sequences: [Int64], from state: OutboxRecord.State) throws -> Int {
        var count = 0
        for sequence in sequences {
            if state == .pending {
                count += try database.run(
                    "UPDATE auth_outbox SET not_before = 1 WHERE sequence = ? AND not_before > 0", [sequence])
                continue
            }
            // The relay's cursor is already past this number: the relay finds the row only as a deferred row that is
            // due.
            count += try database.run(
                """
                INSERT INTO auth_outbox (\(OutboxColumns.common), not_before)
                SELECT \(OutboxColumns.common.replacing("attempts", with: "0")), 1 FROM \(state.table)
                WHERE sequence = ? AND \(state.condition)
                """, [sequence])
            try database.run(
                "DELETE FROM \(state.table) WHERE sequence = ? AND \(state.condition)", [sequence])
        }
        var change = OutboxCount()
        switch state {
        case .pending: break
        case .unrouted: change.unrouted = -count
        case .parked: change.parked = -count
        case .confirmed: change.confirmed = -count
        }
        try change.add(to: database)
        return count
    }

    /// Deletes settled rows.
    ///
    /// - Parameter condition: what must still be true of a row, which may have been republished and settled again since
    ///   it was found; with its arguments.
    func purge(
        _ sequences: [Int64], from table: String, where condition: String = "TRUE",
        _ arguments: StatementArguments = []
    ) throws -> Int {
        var change = OutboxCount()
        for sequence in sequences {
            change.purged += try database.run(
                "DELETE FROM \(table) WHERE sequence = ? AND \(condition)", [sequence] + arguments)
        }
        try change.add(to: database)
        return change.purged
    }
}

// MARK: Pausing

extension SQLiteStore {
    public func pausedSince() async throws -> Date? {
        try await read { (reading: SQLiteReading) in
            let paused: Int64? = try reading.database.value("SELECT paused_at FROM auth_outbox_count")
            return paused.map(Date.init(milliseconds:))
        }
    }

    /// Pauses the relay: within a second, the process that holds the relay lease stops publishing, until
    /// ``resumeOutbox()``. The pause survives restarts. Flows continue, and their signals stay pending.
    ///
    /// - Returns: since when the outbox is paused, which may be earlier than this call.
    @discardableResult
    public func pauseOutbox() async throws -> Date {
        let now = clock.now().milliseconds
        return try await write { transaction in
            try transaction.database.run(
                "UPDATE auth_outbox_count SET paused_at = coalesce(paused_at, ?)", [now])
            let since: Int64? = try transaction.database.value("SELECT paused_at FROM auth_outbox_count")
            return Date(milliseconds: since ?? now)
        }
    }

    /// Resumes the relay.
    public func resumeOutbox() async throws {
        _ = try await write { transaction in
            try transaction.database.run("UPDATE auth_outbox_count SET paused_at = NULL", [])
        }
    }
}
