// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// A row of the outbox in any state, as an operator sees it.
public struct OutboxRecord: Hashable, Sendable {
    /// The state of a row.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// Waiting to be published.
        case pending
        /// The broker confirmed it, but no queue was bound for it.
        case unrouted
        /// The broker refused it permanently; it is kept and not retried.
        case parked
        /// The broker confirmed it, and at least one queue received it.
        case confirmed
    }

    public var state: State
    public var row: OutboxRow
    /// Not published before this time, if it was deferred.
    public var notBefore: Date?
    /// When the broker's answer was recorded; nil while the row is pending.
    public var settledAt: Date?
    /// The broker's text about the last failure.
    public var reason: String?

    init(state: State, row: Row) throws {
        self.state = state
        self.row = try OutboxRow(row: row)
        if let time = row["not_before"] as Int64?, time > 0 { notBefore = Date(milliseconds: time) }
        settledAt = (row["settled_at"] as Int64?).map(Date.init(milliseconds:))
        reason = row["reason"]
    }
}

/// Selects rows of the outbox; a condition that is not set matches every row.
public struct OutboxFilter: Hashable, Sendable {
    public var states: Set<OutboxRecord.State>
    public var ids: Set<UUID>?
    public var name: SignalNameFilter?
    public var subject: String?
    /// Only rows emitted at or after this time.
    public var from: Date?
    /// Only rows emitted before this time.
    public var to: Date?

    public init(
        _ states: Set<OutboxRecord.State>, ids: Set<UUID>? = nil, name: SignalNameFilter? = nil,
        subject: String? = nil, from: Date? = nil, to: Date? = nil
    ) {
        self.states = states
        self.ids = ids
        self.name = name
        self.subject = subject?.asSubject
        self.from = from
        self.to = to
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
        require("time >= ?", from?.milliseconds)
        require("time < ?", to?.milliseconds)
        require("subject = ?", subject)
        require("settled_at < ?", settledBefore?.milliseconds)
        if let ids {
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
