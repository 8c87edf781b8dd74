// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// How a ``SignalRelay`` works; the defaults are right for one outbox and one broker.
public struct RelayConfiguration: Sendable {
    /// How many rows are read and handed to the publisher at a time, from 1.
    public var batchSize = 500
    /// How many batches of that size may be in flight; smaller ones may be more.
    public var batchesInFlight = 2
    /// How long confirmed rows are gathered before they are settled in one transaction.
    public var settleInterval: Duration = .milliseconds(50)
    /// How many rows are settled in one transaction at most, from 1.
    public var settleLimit = 500
    /// How often the outbox is looked at without a wake-up: for one that was missed, and for rows that are due.
    public var sweepInterval: Duration = .seconds(1)
    /// How often the gauges of what waits are brought up to date.
    public var statusInterval: Duration = .seconds(5)
    /// How often the outbox is asked whether an operator has paused it.
    public var pauseInterval: Duration = .milliseconds(250)
    /// When a row that was nacked is sent again.
    public var backoff = RelayBackoff()
    /// How long a graceful stop waits for what is in flight; what is not answered by then is published again.
    public var finishWithin: Duration = .seconds(20)
    /// The names for which it is an error that no queue is bound: `SIGNALS_REQUIRED`.
    public var required: Set<SignalName> = []

    public init() {}
}
