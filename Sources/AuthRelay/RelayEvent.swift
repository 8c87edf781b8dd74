// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A query of the outbox.
enum RelayRead: Hashable, Sendable {
    /// All deferred rows, also those that an earlier relay deferred: their subjects are blocked.
    case deferred(limit: Int)
    case new(after: Int64, limit: Int)
    case due(upTo: Int64, limit: Int)
    /// The rows that were blocked by a deferred one.
    case blocked(subject: String, after: Int64, limit: Int)
}

/// An event for a ``RelayState``.
enum RelayEvent: Sendable {
    /// The publisher is ready.
    case ready
    /// Rows were committed.
    case wokenUp
    /// The sweep interval has passed: read new and due rows.
    case swept
    /// An operator has paused the outbox, or has resumed it.
    case paused(Bool)
    /// The rows of a read and, for new rows, the new position of the cursor, and whether rows may follow.
    case found(RelayRead, rows: [OutboxRow], cursor: Int64, hasMore: Bool = false)
    case readFailed
    /// The outcomes of a batch, in its order.
    case answered(batch: Int, [PublishOutcome])
    /// The delay for gathering settlements, or after a failed transaction, is over.
    case settlementDue
    case settled
    case settlementFailed
    /// Read nothing more, and wait for what is in flight.
    case stop
    /// Abandon what is in flight.
    case stopNow
}

/// An action that a ``RelayState`` requests.
enum RelayAction: Hashable, Sendable {
    /// Wait that long, then until the publisher is ready; reply with ``RelayEvent/ready``.
    case awaitReady(after: Duration)
    case read(RelayRead)
    case publish(batch: Int, rows: [OutboxRow])
    case settle([OutboxSettlement])
    /// Send ``RelayEvent/settlementDue`` after the settle interval or, for a retry, after the sweep interval.
    case settleLater(isRetry: Bool)
    case report(RelayLogEvent)
    case finish
}
