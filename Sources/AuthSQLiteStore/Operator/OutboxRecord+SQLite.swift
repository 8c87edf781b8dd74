// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation
import GRDB

extension OutboxRecord {
    init(state: State, row: Row) throws {
        let notBefore = (row["not_before"] as Int64?).flatMap { $0 > 0 ? Date(milliseconds: $0) : nil }
        self.init(
            state: state, row: try OutboxRow(row: row), notBefore: notBefore,
            settledAt: (row["settled_at"] as Int64?).map(Date.init(milliseconds:)), reason: row["reason"])
    }
}

extension OutboxRecord.State {
    /// The SQL source of its rows: the table, and a condition if the table holds several states.
    var source: String {
        switch self {
        case .pending: "(SELECT *, NULL AS settled_at, last_error AS reason FROM auth_outbox)"
        case .unrouted, .confirmed:
            """
            (SELECT *, NULL AS not_before, NULL AS reason FROM auth_outbox_history
            WHERE result = '\(rawValue)')
            """
        case .parked: "(SELECT *, NULL AS not_before FROM auth_outbox_parked)"
        }
    }

    var table: String {
        switch self {
        case .pending: "auth_outbox"
        case .unrouted, .confirmed: "auth_outbox_history"
        case .parked: "auth_outbox_parked"
        }
    }

    /// A condition that selects the state's rows of ``table``, because the history holds two states.
    var condition: String {
        switch self {
        case .pending, .parked: "TRUE"
        case .unrouted, .confirmed: "result = '\(rawValue)'"
        }
    }
}

extension OutboxFilter {
    /// The matching rows of one state, in order.
    func rows(
        _ database: Database, _ state: OutboxRecord.State, columns: String = OutboxColumns.record,
        after sequence: Int64 = 0,
        settledBefore: Date? = nil
    ) throws -> RowCursor {
        var conditions = ["sequence > ?"]
        var arguments: StatementArguments = [sequence]
        func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        // The parameter is the last number of the previous page.
        require("sequence = ?", self.sequence)
        require("time >= ?", from?.milliseconds)
        require("time < ?", to?.milliseconds)
        if state == .pending, let subject {
            conditions.append("sequence IN (\(OutboxColumns.ofSubject))")
            arguments += [sequence, subject]
        } else {
            require("subject = ?", subject)
        }
        require("settled_at < ?", settledBefore?.milliseconds)
        if let ids, ids.isEmpty {
            // Nothing equals NULL: no row is read.
            conditions.append("sequence = NULL")
        } else if let ids {
            conditions.append("message_id IN (\(ids.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(Array(ids))
        }
        return try Row.fetchCursor(
            database,
            sql: """
                SELECT \(columns) FROM \(state.source)
                WHERE \(conditions.joined(separator: " AND ")) ORDER BY sequence
                """, arguments: arguments)
    }

    /// Whether the name matches: patterns are matched here, because SQL has no such patterns.
    func matches(_ row: Row) throws -> Bool {
        guard let name else { return true }
        return name.matches(row["name"] as String)
    }
}
