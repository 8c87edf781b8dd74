// SPDX-License-Identifier: Apache-2.0

/// Publishes messages to the signals' exchange: a seam between the relay and the broker.
public protocol SignalPublisher: Sendable {
    /// Hands a batch over, without waiting. Batches are published in the order of the calls, the messages of
    /// a batch in theirs, persistent, mandatory and with confirms.
    ///
    /// While there is no connection the outcome of every message is ``PublishOutcome/unknown(_:)``, at once:
    /// nothing is buffered here, since the outbox keeps what was not confirmed. Wait for
    /// ``awaitReady()`` before a first batch and after an unknown: until somebody has waited, a new connection
    /// takes nothing, so that later messages do not overtake those that were lost with the old one.
    func submit(_ batch: [SignalMessage]) -> PublishReceipt

    /// Returns when messages can be published: connected, topology declared, not blocked by an alarm.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled or the publisher is shut down.
    func awaitReady() async throws
}

extension SignalPublisher {
    /// Publishes a batch and returns the outcome of every message, in the batch's order.
    public func publish(_ batch: [SignalMessage]) async -> [PublishOutcome] {
        await submit(batch).outcomes()
    }
}

/// What the broker said of one message.
public enum PublishOutcome: Hashable, Sendable {
    /// Stored by every queue it was routed to.
    case confirmed
    /// Routed to no queue: AMQP `basic.return`, with the broker's code (312 is NO_ROUTE) and words.
    case returned(code: Int, text: String)
    /// Not stored: AMQP `basic.nack`.
    case nacked
    /// The connection was lost, or there was none, before the broker answered: it may be stored or not.
    case unknown(String)
    /// The broker closed the channel or the connection because of something that was published on it, this message or
    /// another one in flight, with AMQP's reply code and the broker's text: it may be stored or not.
    case closed(code: Int, text: String)
    /// It cannot be sent as it is, now or later: broken by AMQP's or the broker's rules.
    case refused(String)
}

/// A promise of the outcomes of one batch.
public struct PublishReceipt: Sendable {
    private let wait: @Sendable () async -> [PublishOutcome]

    /// - Parameter wait: returns one outcome a message, in order; it may be called once.
    public init(_ wait: @escaping @Sendable () async -> [PublishOutcome]) { self.wait = wait }

    /// Waits until every message of the batch has its outcome, and returns them in the batch's order.
    public func outcomes() async -> [PublishOutcome] { await wait() }
}
