// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// The limits and intervals of a ``SignalRelay``; the defaults suit one outbox and one broker.
public struct RelaySettings: Sendable {
    /// The maximum number of rows that are read and published at a time, from 1.
    public var batchSize = 500
    /// How many batches of that size may be in flight; of smaller ones, more.
    public var batchesInFlight = 2
    /// How long outcomes are gathered before their rows are settled in one transaction.
    public var settleInterval: Duration = .milliseconds(50)
    /// The maximum number of rows that are settled in one transaction, from 1.
    public var settleLimit = 500
    /// How often the outbox is read without a wake-up: in case one was missed, and for deferred rows that are due.
    public var sweepInterval: Duration = .seconds(1)
    /// How often the gauges of pending rows are updated.
    public var statusInterval: Duration = .seconds(5)
    /// The maximum time for which rows are still read after an operator has paused the outbox, and how often a paused
    /// outbox is checked. An idle relay checks only before it reads.
    public var pauseInterval: Duration = .milliseconds(250)
    /// When a nacked row is published again. Delays are at most `OutboxSettlement.longestWait`, since an
    /// outbox attributes a longer one to a wrong clock.
    public var backoff = Backoff(
        first: .seconds(1), limit: .seconds(OutboxSettlement.longestWait), jitter: 20)
    /// How long a graceful stop waits for rows in flight; those without an outcome by then are published again.
    public var finishWithin: Duration = .seconds(20)
    /// The signals for which a missing binding is an error: `SIGNALS_REQUIRED`.
    public var required: Set<SignalName> = []

    public init() {}
}
