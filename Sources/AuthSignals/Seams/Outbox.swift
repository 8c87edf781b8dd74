// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The committed signals that wait to be published: a seam between the store and the relay.
///
/// A row is written in the transaction of the change it tells of and leaves only by ``settle(_:)``. Rows are
/// numbered in commit order: no row appears later with a number below one that was already read.
public protocol Outbox: Sendable {
    /// Waits until this process may relay, which at most one does at a time, and keeps the right until the
    /// returned value is released or the process dies.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    func acquireRelayRole() async throws -> any RelayRole

    /// The rows after `cursor` in order, at most `limit`, and how far the read came.
    ///
    /// Rows that were set back (``OutboxSettlement/Result/retry(at:reason:)``) and are not due are not among them;
    /// ``OutboxPage/cursor`` passes them all the same. A row is due when its moment has come, and also if its
    /// moment is further off than ``OutboxSettlement/longestWait``: it was set back while the clock was ahead.
    func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage

    /// The rows up to `cursor` that were set back and are due, in order, at most `limit`.
    func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow]

    /// The rows of one subject after `sequence` in order: those that were held behind a failed one.
    func rows(ofSubject subject: String, after sequence: Int64, limit: Int) async throws -> [OutboxRow]

    /// Writes what became of rows, all of them in one transaction. A row that is gone is passed over.
    func settle(_ settlements: [OutboxSettlement]) async throws

    /// A value arrives soon after rows were committed, by this process or another one. Coalesced: one value
    /// may stand for many rows. Each call makes a stream of its own.
    func wakeUps() -> AsyncStream<Void>

    /// How much waits, and since when.
    func status() async throws -> OutboxStatus

    /// Since when an operator has stopped the relaying; nil where it goes on.
    func pausedSince() async throws -> Date?
}

extension Outbox {
    /// One that cannot be paused.
    public func pausedSince() async throws -> Date? { nil }
}

/// The right to relay one outbox.
public protocol RelayRole: Sendable {
    /// Gives the right back.
    func release()
}

/// A part of the outbox, in order.
public struct OutboxPage: Sendable {
    public var rows: [OutboxRow]
    /// The number of the last row that was looked at; `after` where there was none.
    public var cursor: Int64

    public init(rows: [OutboxRow], cursor: Int64) {
        self.rows = rows
        self.cursor = cursor
    }
}

/// What became of a row.
public struct OutboxSettlement: Hashable, Sendable {
    public enum Result: Hashable, Sendable {
        /// Confirmed by the broker and routed to a queue: done.
        case confirmed
        /// Confirmed, but no queue was bound for it: kept apart for as long as the history is.
        case unrouted
        /// To be sent again, not before that moment.
        case retry(at: Date, reason: String)
        /// Refused for good by the broker's rules: kept apart with the broker's words.
        case parked(reason: String)
    }

    /// How far off the moment of a ``Result/retry(at:reason:)`` may be: five minutes.
    public static let longestWait: TimeInterval = 300

    public var sequence: Int64
    public var result: Result
    /// When the broker answered.
    public var at: Date

    public init(sequence: Int64, result: Result, at: Date) {
        self.sequence = sequence
        self.result = result
        self.at = at
    }
}

/// How much waits in an outbox.
public struct OutboxStatus: Hashable, Sendable, Codable {
    /// Rows that wait, those that were set back among them.
    public var pending: Int
    /// When the oldest of them was emitted.
    public var oldestPending: Date?
    /// Rows that the broker confirmed and no queue received.
    public var unrouted: Int
    /// Rows that were refused for good.
    public var parked: Int
    /// Rows that were confirmed and routed, as far as the history goes.
    public var confirmed: Int
    /// All signals ever emitted.
    public var emitted: Int
    /// Rows that were erased with a person's others before the broker had answered for them.
    public var erased: Int
    /// Since when an operator has stopped the relaying; nil where it goes on.
    public var pausedSince: Date?
    /// When the store was restored from a backup; nil if it never was. What was emitted after the backup was made is
    /// not known to it.
    public var restoredAt: Date?

    public init(
        pending: Int, oldestPending: Date?, unrouted: Int, parked: Int, confirmed: Int, emitted: Int,
        erased: Int = 0, pausedSince: Date? = nil, restoredAt: Date? = nil
    ) {
        self.pending = pending
        self.oldestPending = oldestPending
        self.unrouted = unrouted
        self.parked = parked
        self.confirmed = confirmed
        self.emitted = emitted
        self.erased = erased
        self.pausedSince = pausedSince
        self.restoredAt = restoredAt
    }
}
