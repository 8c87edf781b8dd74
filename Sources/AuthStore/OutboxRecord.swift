// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

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

    /// What became of the signal so far.
    public var state: State
    /// The signal, with its sequence number and the count of its attempts.
    public var row: OutboxRow
    /// Not published before this time, if it was deferred.
    public var notBefore: Date?
    /// When the broker's answer was recorded; nil while the row is pending.
    public var settledAt: Date?
    /// The broker's text about the last failure.
    public var reason: String?

    package init(
        state: State, row: OutboxRow, notBefore: Date? = nil, settledAt: Date? = nil, reason: String? = nil
    ) {
        self.state = state
        self.row = row
        self.notBefore = notBefore
        self.settledAt = settledAt
        self.reason = reason
    }
}

/// Selects rows of the outbox; a condition that is not set matches every row.
public struct OutboxFilter: Hashable, Sendable {
    /// The states of the rows; an empty set matches no row.
    public var states: Set<OutboxRecord.State>
    /// Only the rows of signals with these ids.
    public var ids: Set<UUID>?
    /// Only the row with this number, which is found by index.
    public var sequence: Int64?
    /// Only signals whose name matches.
    public var name: SignalNameFilter?
    /// Only signals about this user, by id.
    public var subject: String?
    /// Only rows emitted at or after this time.
    public var from: Date?
    /// Only rows emitted before this time.
    public var to: Date?

    /// - Parameters:
    ///   - states: the states of the rows.
    ///   - ids: the ids of the signals; nil for all.
    ///   - sequence: the number of the row; nil for all.
    ///   - name: matches the names of the signals; nil for all.
    ///   - subject: a user's id; nil for all.
    ///   - from: the earliest time at which the signal was emitted; nil for no limit.
    ///   - to: the signal was emitted before this time; nil for no limit.
    public init(
        _ states: Set<OutboxRecord.State>, ids: Set<UUID>? = nil, sequence: Int64? = nil,
        name: SignalNameFilter? = nil,
        subject: String? = nil, from: Date? = nil, to: Date? = nil
    ) {
        self.states = states
        self.ids = ids
        self.sequence = sequence
        self.name = name
        self.subject = subject?.asSubject
        self.from = from
        self.to = to
    }
}
