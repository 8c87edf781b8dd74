// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
public import AuthStore
public import Foundation

/// An operator's actions on the outbox.
extension PostgresStore {
    /// The matching rows, in order. Pending rows are numbered first, if no relay has numbered them yet.
    public func outboxRecords(
        _ filter: OutboxFilter, after sequence: Int64 = 0, limit: Int = 100
    ) async throws -> [OutboxRecord] {
        let limit = max(0, limit)
        if filter.states.contains(.pending) { try await numberAll() }
        return try await read { (reading: PostgresReading) in
            var records: [OutboxRecord] = []
            for state in filter.states {
                let found = try filter.sequences(
                    of: state, after: sequence, limit: limit, on: reading.connection)
                let rows = try reading.connection.query(.outboxRecords(state), [.ints(found)])
                for row in rows {
                    do { records.append(try OutboxRecord(state: state, row)) } catch {
                        self.logUnreadable(error)
                    }
                }
            }
            return Array(records.sorted { $0.row.sequence < $1.row.sequence }.prefix(limit))
        }
    }

    public func newestParked() async throws -> OutboxRecord? {
        try await read { (reading: PostgresReading) in
            try reading.connection.query(.newestParked).first.map {
                try OutboxRecord(state: .parked, $0)
            }
        }
    }

    public func republish(_ filter: OutboxFilter) async throws -> Int {
        var total = 0
        for state in filter.states {
            total += try await inBatches(filter, state) { connection, sequences in
                if state == .pending {
                    return try connection.query(.makeDue, [.ints(sequences)]).affected
                }
                return try connection.query(.republish(state), [.ints(sequences)]).count(0)
            }
        }
        // A transaction wakes the relay only for signals that it emits.
        if total > 0 { storeWakeUps.outbox.wake() }
        return total
    }

    public func purge(_ filter: OutboxFilter, settledBefore time: Date) async throws -> Int {
        var total = 0
        for state in filter.states where state != .pending {
            let time = state == .confirmed ? time : min(time, undeliveredCutoff)
            total += try await inBatches(filter, state, settledBefore: time) { connection, sequences in
                try connection.purge(sequences, of: state, settledBefore: time.milliseconds)
            }
        }
        return total
    }

    /// The limit of a statement of an operator that may read a whole table.
    static let scanTimeout = Duration.seconds(3600)

    /// Rows that no queue received may be deleted if they were settled before this time.
    var undeliveredCutoff: Date { clock.now().addingTimeInterval(-86_400) }

    /// Runs `work` on all matching rows, a thousand per transaction, so that other writers do not wait long.
    ///
    /// - Parameter work: gets the numbers of rows, some of which another transaction may have moved meanwhile; returns
    ///   how many rows it changed.
    func inBatches(
        _ filter: OutboxFilter, _ state: OutboxRecord.State, settledBefore: Date? = nil,
        _ work: @escaping @Sendable (PostgresConnection, [Int64]) throws -> Int
    ) async throws -> Int {
        var (total, cursor) = (0, Int64(0))
        while true {
            let start = cursor
            let sequences = try await read { (reading: PostgresReading) in
                let connection = reading.connection
                return try connection.withTimeout(Self.scanTimeout) {
                    try filter.sequences(
                        of: state, after: start, limit: 1000, settledBefore: settledBefore, on: connection)
                }
            }
            guard let last = sequences.last else { return total }
            cursor = last
            total += try await outboxTransaction { connection in
                try connection.requireOutboxCount()
                return try work(connection, sequences)
            }
        }
    }
}

// MARK: Pausing

extension PostgresStore {
    public func pausedSince() async throws -> Date? {
        try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in
                guard let row = try connection.query(.pausedSince).first else {
                    throw StoreError.missingOutboxCount
                }
                return try row.optionalTime(0)
            }
        }
    }

    @discardableResult
    public func pauseOutbox() async throws -> Date {
        let now = clock.now().milliseconds
        return try await outboxTransaction { connection in
            guard let row = try connection.query(.pauseOutbox, [.int(now)]).first else {
                throw StoreError.missingOutboxCount
            }
            return Date(milliseconds: try row.int(0))
        }
    }

    public func resumeOutbox() async throws {
        try await outboxTransaction { connection in
            if try connection.query(.resumeOutbox).affected == 0 { throw StoreError.missingOutboxCount }
        }
    }
}

extension PostgresConnection {
    /// Deletes settled rows, and counts them as purged.
    ///
    /// - Parameter time: rows settled at or after it stay: they were published again since they were selected.
    /// - Returns: how many were deleted.
    func purge(_ sequences: [Int64], of state: OutboxRecord.State, settledBefore time: Int64) throws -> Int {
        try query(.purge(state), [.ints(sequences), .int(time)]).count(0)
    }
}

extension PostgresRows {
    /// The number in the column of the first row; 0 if there is no row.
    func count(_ column: Int) throws -> Int { Int(try first?.int(column) ?? 0) }
}

extension PostgresStatement {
    fileprivate static func outboxRecords(_ state: OutboxRecord.State) -> PostgresStatement {
        PostgresStatement(
            "SELECT \(state.columns) FROM \(state.table) WHERE sequence = ANY($1) AND \(state.condition)")
    }

    fileprivate static let newestParked = PostgresStatement(
        """
        SELECT \(OutboxRecord.State.parked.columns) FROM auth_outbox_parked ORDER BY sequence DESC LIMIT 1
        """)

    fileprivate static let makeDue: PostgresStatement = """
        UPDATE auth_outbox SET not_before = 1
        WHERE sequence = ANY($1) AND sequence IS NOT NULL AND not_before > 0
        """

    // The relay's cursor is already past these numbers: the relay finds the rows only as deferred rows that are due.
    fileprivate static func republish(_ state: OutboxRecord.State) -> PostgresStatement {
        PostgresStatement(
            """
            WITH gone AS (
                DELETE FROM \(state.table) WHERE sequence = ANY($1) AND \(state.condition)
                RETURNING \(OutboxColumns.common)
            ), back AS (
                INSERT INTO auth_outbox (\(OutboxColumns.common), not_before)
                SELECT \(OutboxColumns.common.replacing("attempts", with: "0")), 1 FROM gone
            )
            UPDATE auth_outbox_count SET \(state.rawValue) = \(state.rawValue) - (SELECT count(*) FROM gone)
            WHERE EXISTS (SELECT FROM gone) RETURNING (SELECT count(*) FROM gone)
            """)
    }

    fileprivate static func purge(_ state: OutboxRecord.State) -> PostgresStatement {
        PostgresStatement(
            """
            WITH gone AS (
                DELETE FROM \(state.table)
                WHERE sequence = ANY($1) AND \(state.condition) AND settled_at < $2 RETURNING sequence
            )
            UPDATE auth_outbox_count SET purged = purged + (SELECT count(*) FROM gone)
            WHERE EXISTS (SELECT FROM gone) RETURNING (SELECT count(*) FROM gone)
            """)
    }

    fileprivate static let pausedSince: PostgresStatement = "SELECT paused_at FROM auth_outbox_count"

    fileprivate static let pauseOutbox: PostgresStatement = """
        UPDATE auth_outbox_count SET paused_at = coalesce(paused_at, $1) RETURNING paused_at
        """

    fileprivate static let resumeOutbox: PostgresStatement = "UPDATE auth_outbox_count SET paused_at = NULL"
}
