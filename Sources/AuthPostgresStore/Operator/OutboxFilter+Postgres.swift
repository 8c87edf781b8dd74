// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

extension OutboxRecord.State {
    var table: String {
        switch self {
        case .pending: "auth_outbox"
        case .unrouted, .confirmed: "auth_outbox_history"
        case .parked: "auth_outbox_parked"
        }
    }

    /// A condition that selects the state's rows, because the history holds two states.
    var condition: String {
        switch self {
        case .pending, .parked: "sequence IS NOT NULL"
        case .unrouted, .confirmed: "result = '\(rawValue)'"
        }
    }

    /// ``OutboxColumns/common`` and what else an operator sees, in every state.
    var columns: String {
        switch self {
        case .pending: "\(OutboxColumns.common), not_before, NULL::bigint, last_error"
        case .unrouted, .confirmed: "\(OutboxColumns.common), NULL::bigint, settled_at, NULL::text"
        case .parked: "\(OutboxColumns.common), NULL::bigint, settled_at, reason"
        }
    }
}

extension OutboxRecord {
    /// - Parameter row: has the columns of ``State/columns``.
    init(state: State, _ row: PostgresRow) throws {
        let notBefore = try row.optionalInt(OutboxColumns.count) ?? 0
        self.init(
            state: state, row: try OutboxRow(row),
            notBefore: notBefore > 0 ? Date(milliseconds: notBefore) : nil,
            settledAt: try row.optionalTime(OutboxColumns.count + 1),
            reason: try row.optionalText(OutboxColumns.count + 2))
    }
}

extension OutboxFilter {
    /// The numbers of the matching rows of one state, in order. Rows that have no number yet are not found.
    ///
    /// - Parameters:
    ///   - sequence: only higher numbers.
    ///   - limit: the maximum number of rows.
    func sequences(
        of state: OutboxRecord.State, after sequence: Int64, limit: Int, settledBefore: Date? = nil,
        on connection: PostgresConnection
    ) throws -> [Int64] {
        var found: [Int64] = []
        var cursor = sequence
        // The pattern of the name is matched here, because SQL has no such patterns.
        let page = name == nil ? limit : max(limit, 2000)
        while found.count < limit {
            let rows = try names(of: state, after: cursor, limit: page, settledBefore, on: connection)
            for row in rows where found.count < limit {
                cursor = row.sequence
                if name?.matches(row.name) ?? true { found.append(row.sequence) }
            }
            if rows.count < page { break }
        }
        return found
    }

    private func names(
        of state: OutboxRecord.State, after sequence: Int64, limit: Int, _ settledBefore: Date?,
        on connection: PostgresConnection
    ) throws -> [(sequence: Int64, name: String)] {
        var conditions = ["sequence > $1", state.condition]
        var values: [PostgresValue] = [.int(sequence), .int(Int64(limit))]
        func require(_ condition: String, _ value: PostgresValue?) {
            guard let value else { return }
            values.append(value)
            conditions.append(condition.replacing("?", with: "$\(values.count)"))
        }
        // The parameter is the last number of the previous page.
        require("sequence = ?", self.sequence.map { .int($0) })
        require("time >= ?", from.map { .int($0.milliseconds) })
        require("time < ?", to.map { .int($0.milliseconds) })
        require("subject = ?", subject.map { .text($0.storable) })
        require("message_id = ANY(?)", ids.map { .uuids(Array($0)) })
        if state != .pending { require("settled_at < ?", settledBefore.map { .int($0.milliseconds) }) }
        let statement = PostgresStatement(
            """
            SELECT sequence, name FROM \(state.table)
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY sequence LIMIT $2
            """)
        return try connection.query(statement, values).map { (try $0.int(0), try $0.text(1)) }
    }
}
