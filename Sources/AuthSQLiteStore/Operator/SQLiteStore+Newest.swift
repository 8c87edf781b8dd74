// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import AuthStore
import GRDB

/// Reading the outbox by its primary keys, for a display that is refreshed often.
extension SQLiteStore {
    public func newestOutboxRecords(
        _ states: Set<OutboxRecord.State>, before sequence: Int64, limit: Int
    ) async throws -> [OutboxRecord] {
        let limit = min(max(0, limit), 1000)
        return try await read { (reading: SQLiteReading) in
            var records: [OutboxRecord] = []
            for source in NewestSource.all {
                let wanted = states.intersection(source.states)
                if wanted.isEmpty { continue }
                // Rows are examined one by one: the cursor does not load the columns of skipped rows.
                let rows = try Row.fetchCursor(
                    reading.database,
                    sql: """
                        SELECT \(OutboxColumns.record), state FROM \(source.rows)
                        WHERE sequence < ? ORDER BY sequence DESC LIMIT \(NewestSource.examined)
                        """, arguments: [sequence])
                var found = 0
                while found < limit, let row = try rows.next() {
                    let state = OutboxRecord.State(rawValue: row["state"] as String)
                    guard let state, wanted.contains(state) else { continue }
                    found += 1
                    if let record = try? OutboxRecord(state: state, row: row) { records.append(record) }
                }
            }
            return Array(records.sorted { $0.row.sequence > $1.row.sequence }.prefix(limit))
        }
    }

    public func outboxRecords(numbered sequences: [Int64]) async throws -> [OutboxRecord] {
        let sequences = sequences.prefix(1000)
        if sequences.isEmpty { return [] }
        let places = sequences.map { _ in "?" }.joined(separator: ", ")
        return try await read { (reading: SQLiteReading) in
            var records: [OutboxRecord] = []
            for source in NewestSource.all {
                let rows = try Row.fetchCursor(
                    reading.database,
                    sql: """
                        SELECT \(OutboxColumns.record), state FROM \(source.rows)
                        WHERE sequence IN (\(places))
                        """, arguments: StatementArguments(Array(sequences)))
                while let row = try rows.next() {
                    guard let state = OutboxRecord.State(rawValue: row["state"] as String),
                        let record = try? OutboxRecord(state: state, row: row)
                    else { continue }
                    records.append(record)
                }
            }
            return records.sorted { $0.row.sequence < $1.row.sequence }
        }
    }
}

/// A table of the outbox with the columns of ``OutboxColumns/record`` and the state.
private struct NewestSource {
    let states: Set<OutboxRecord.State>
    let rows: String

    /// How many rows of a table are examined at most.
    static let examined = 10_000

    static let all = [
        NewestSource(
            states: [.pending],
            rows: """
                (SELECT *, NULL AS settled_at, last_error AS reason, 'pending' AS state FROM auth_outbox)
                """),
        NewestSource(
            states: [.confirmed, .unrouted],
            rows: """
                (SELECT *, NULL AS not_before, NULL AS reason, result AS state FROM auth_outbox_history)
                """),
        NewestSource(
            states: [.parked],
            rows: "(SELECT *, NULL AS not_before, 'parked' AS state FROM auth_outbox_parked)"),
    ]
}
