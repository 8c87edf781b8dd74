// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The committed signals that are pending: a seam between the store and the relay.
///
/// A row is written in the transaction of the change that it describes. The relay removes it by ``settle(_:)``; an
/// operator may erase it before. Rows are numbered in commit order: no new row gets a number below one that was already
/// read. A republished row keeps its number and is returned by ``dueRows(upTo:limit:now:)``.
public protocol Outbox: Sendable {
    /// Waits for the relay lease, which at most one process holds at a time. The lease is held until the returned
    /// value is released, the process dies, or the lease is lost (``Lease/lost()``).
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    func acquireRelayLease() async throws -> any Lease

    /// The rows after `cursor` in order, at most `limit`, and the position that the read has reached.
    ///
    /// Deferred rows (``OutboxSettlement/Result/retry(at:reason:)``) that are not due are not returned, but
    /// ``OutboxPage/cursor`` moves past them. A row is due when its retry time has passed, and also if that time is
    /// further off than ``OutboxSettlement/longestWait``: it was deferred while the clock was ahead.
    ///
    /// A committed row has its number at the latest when this read returns it.
    func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage

    /// The deferred rows up to `cursor` that are due, in order, at most `limit`.
    func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow]

    /// The rows of one subject after `sequence` in order: those that were blocked by a failed one.
    func rows(ofSubject subject: String, after sequence: Int64, limit: Int) async throws -> [OutboxRow]

    /// Writes the results of rows, all in one transaction. A row that no longer exists is ignored.
    func settle(_ settlements: [OutboxSettlement]) async throws

    /// A stream of wake-ups: a value arrives soon after this or another process has committed rows. Coalesced: one
    /// value may stand for many rows. Each call makes a new stream.
    func wakeUps() -> AsyncStream<Void>

    /// The numbers of rows by state, and the age of the oldest pending one.
    func status() async throws -> OutboxStatus

    /// When an operator paused the relay; nil if it is not paused.
    func pausedSince() async throws -> Date?
}

extension Outbox {
    /// The default of an outbox that cannot be paused.
    public func pausedSince() async throws -> Date? { nil }
}

/// The right to do something that one process at a time may do: to relay an outbox, to deliver the mails of a queue.
public protocol Lease: Sendable {
    /// Releases the lease. Does nothing if it was released before or was lost.
    func release()

    /// Returns when the lease was lost without having been released: the connection or the session that held it is
    /// gone, and another process may hold the lease now. Returns at once if the task is cancelled.
    ///
    /// The default is for a lease that cannot be lost, such as a lock that the system keeps until the process dies.
    func lost() async
}

extension Lease {
    /// Returns when the task is cancelled.
    public func lost() async {
        while (try? await Task.sleep(for: .seconds(3600))) != nil {}
    }
}

/// A page of outbox rows, in order.
public struct OutboxPage: Sendable {
    public var rows: [OutboxRow]
    /// The number of the last row that was examined; `after` if there were no rows.
    public var cursor: Int64
    /// Whether rows may follow that were committed before the read: as many as the limit were examined. Rows that are
    /// committed later send a wake-up.
    public var hasMore: Bool

    /// - Parameters:
    ///   - rows: the rows that are due, in order.
    ///   - cursor: the number of the last row that was examined.
    ///   - hasMore: whether rows may follow; if in doubt, true, which costs another read.
    public init(rows: [OutboxRow], cursor: Int64, hasMore: Bool = true) {
        self.rows = rows
        self.cursor = cursor
        self.hasMore = hasMore
    }
}

/// The result of publishing one outbox row.
public struct OutboxSettlement: Hashable, Sendable {
    public enum Result: Hashable, Sendable {
        /// Confirmed by the broker and routed to a queue.
        case confirmed
        /// Confirmed, but no queue was bound for it. It is kept as long as the history.
        case unrouted
        /// Deferred: to be published again, not before that time.
        case retry(at: Date, reason: String)
        /// Permanently refused by the broker. It is kept with the broker's text and not retried.
        case parked(reason: String)
    }

    /// The longest time until a ``Result/retry(at:reason:)`` may be due, in seconds: five minutes.
    public static let longestWait: TimeInterval = 300

    public var sequence: Int64
    public var result: Result
    /// When the broker's reply arrived.
    public var at: Date

    public init(sequence: Int64, result: Result, at: Date) {
        self.sequence = sequence
        self.result = result
        self.at = at
    }
}

/// The state of an outbox: numbers of rows, and the age of the oldest pending one.
public struct OutboxStatus: Hashable, Sendable, Codable {
    /// Pending rows, including deferred ones.
    public var pending: Int
    /// When the oldest of them was emitted.
    public var oldestPending: Date?
    /// Rows that the broker confirmed and no queue received.
    public var unrouted: Int
    /// Rows that were permanently refused.
    public var parked: Int
    /// Rows that were confirmed and routed, limited to the retained history.
    public var confirmed: Int
    /// All signals ever emitted.
    public var emitted: Int
    /// Rows that were erased with all data of a person before the broker had confirmed them.
    public var erased: Int
    /// When an operator paused the relay; nil if it is not paused.
    public var pausedSince: Date?
    /// When the store was restored from a backup; nil if it never was. Signals emitted after the backup was made are
    /// missing from the store.
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
