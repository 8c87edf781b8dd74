// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
public import AuthStore

/// Reading the outbox by its unique keys, for a display that is refreshed often.
extension PostgresStore {
    /// Pending rows are numbered first, if no relay has numbered them yet.
    public func newestOutboxRecords(
        _ states: Set<OutboxRecord.State>, before sequence: Int64, limit: Int
    ) async throws -> [OutboxRecord] {
        let limit = min(max(0, limit), 1000)
        if states.contains(.pending), try await hasUnnumberedRows() { try await numberAll() }
        return try await read { (reading: PostgresReading) in
            var records: [OutboxRecord] = []
            for state in OutboxRecord.State.allCases where states.contains(state) {
                let rows = try reading.connection.query(
                    .newestRecords(state), [.int(sequence), .int(Int64(limit))])
                for row in rows {
                    if let record = try? OutboxRecord(state: state, row) { records.append(record) }
                }
            }
            return Array(records.sorted { $0.row.sequence > $1.row.sequence }.prefix(limit))
        }
    }

    /// Checked first, because numbering takes a lock that the relay needs.
    private func hasUnnumberedRows() async throws -> Bool {
        try await read { (reading: PostgresReading) in
            try !reading.connection.query(.unnumberedRow).isEmpty
        }
    }

    public func outboxRecords(numbered sequences: [Int64]) async throws -> [OutboxRecord] {
        let sequences = Array(sequences.prefix(1000))
        if sequences.isEmpty { return [] }
        return try await read { (reading: PostgresReading) in
            var records: [OutboxRecord] = []
            for state in OutboxRecord.State.allCases {
                for row in try reading.connection.query(.numberedRecords(state), [.ints(sequences)]) {
                    if let record = try? OutboxRecord(state: state, row) { records.append(record) }
                }
            }
            return records.sorted { $0.row.sequence < $1.row.sequence }
        }
    }
}

extension PostgresStatement {
    fileprivate static let unnumberedRow: PostgresStatement = """
        SELECT 1 FROM auth_outbox WHERE sequence IS NULL LIMIT 1
        """

    /// The inner limit bounds what is read if few of the newest rows are in the state.
    fileprivate static func newestRecords(_ state: OutboxRecord.State) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT \(state.columns) FROM (
                SELECT * FROM \(state.table) WHERE sequence IS NOT NULL AND sequence < $1
                ORDER BY sequence DESC LIMIT 10000) AS newest
            WHERE \(state.condition) ORDER BY sequence DESC LIMIT $2
            """)
    }

    fileprivate static func numberedRecords(_ state: OutboxRecord.State) -> PostgresStatement {
        PostgresStatement(
            "SELECT \(state.columns) FROM \(state.table) WHERE sequence = ANY($1) AND \(state.condition)")
    }
}
