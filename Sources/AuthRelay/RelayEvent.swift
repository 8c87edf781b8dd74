// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A look into the outbox.
enum RelayRead: Hashable, Sendable {
    /// The rows that an earlier relay set back: their subjects are held.
    case setBack(limit: Int)
    case new(after: Int64, limit: Int)
    case due(upTo: Int64, limit: Int)
    /// The rows that were held behind a failed one.
    case held(subject: String, after: Int64, limit: Int)
}

/// What a ``RelayState`` is told.
enum RelayEvent: Sendable {
    /// The publisher can publish.
    case ready
    /// Rows were committed.
    case wokenUp
    /// Time has passed: look at everything.
    case swept
    /// An operator has stopped the relaying, or lets it go on.
    case paused(Bool)
    /// What a read found, and for new rows how far it came.
    case found(RelayRead, rows: [OutboxRow], cursor: Int64)
    case readFailed
    /// The outcomes of a batch, in its order.
    case answered(batch: Int, [PublishOutcome])
    /// The time for gathering settlements, or for waiting after a failed one, is over.
    case settlementDue
    case settled
    case settlementFailed
    /// Take nothing more, finish what is in hand.
    case stop
    /// Leave what is in hand.
    case stopNow
}

/// What a ``RelayState`` wants done.
enum RelayAction: Hashable, Sendable {
    /// Wait that long, then until the publisher is ready: ``RelayEvent/ready``.
    case awaitReady(after: Duration)
    case read(RelayRead)
    case publish(batch: Int, rows: [OutboxRow])
    case settle([OutboxSettlement])
    /// Say ``RelayEvent/settlementDue`` after that long, or after a failure's pause where nil.
    case settleLater(isRetry: Bool)
    case tell(RelayNotice)
    case finish
}

/// What an operator should know.
enum RelayNotice: Hashable, Sendable {
    case confirmed(Int)
    case unrouted(SignalName, UUID)
    case nacked(SignalName, UUID, delay: Duration)
    case parked(SignalName, UUID, reason: String)
    /// The broker closed the channel with one row in flight.
    case channelClosed(SignalName, code: Int)
    /// That row's retry is deferred.
    case suspected(SuspectSignal, code: Int, delay: Duration)
    /// The broker closed the channel repeatedly: so many rows that were in flight are sent one at a time.
    case isolated(Int)
    /// The outcomes of so many rows are not known.
    case unknown(Int)
    /// So many rows were sent again whose outcomes were not known.
    case republished(Int)
}
