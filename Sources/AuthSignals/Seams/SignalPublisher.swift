// SPDX-License-Identifier: Apache-2.0

/// Publishes messages to the signals' exchange: a seam between the relay and the broker.
public protocol SignalPublisher: Sendable {
    /// Submits a batch without waiting. Batches are published in the order of the calls, and the messages of a batch in
    /// their order; all are persistent, mandatory and published with confirms.
    ///
    /// While disconnected, the outcome of every message is ``PublishOutcome/unknown(_:)``, at once: the publisher
    /// buffers nothing, since the outbox keeps every row that was not confirmed. Call ``awaitReady()`` before the first
    /// batch and after an `unknown`. Until it was called, a new connection rejects every batch, so that later messages
    /// do not overtake those that were lost with the old connection.
    func submit(_ batch: [SignalMessage]) -> PublishReceipt

    /// Returns when messages can be published: connected, topology declared, not blocked by an alarm.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled or the publisher is shut down.
    func awaitReady() async throws

    /// What it publishes to, for spans. By default ``MessagingDestination/memory``.
    var destination: MessagingDestination { get }
}

extension SignalPublisher {
    public var destination: MessagingDestination { .memory }

    /// Publishes a batch and returns the outcome of every message, in the batch's order.
    public func publish(_ batch: [SignalMessage]) async -> [PublishOutcome] {
        await submit(batch).outcomes()
    }
}

/// The outcome of publishing one message.
public enum PublishOutcome: Hashable, Sendable {
    /// Stored by every queue it was routed to.
    case confirmed
    /// Routed to no queue: AMQP `basic.return`, with the broker's code (312 is NO_ROUTE) and text.
    case returned(code: Int, text: String)
    /// Not stored: AMQP `basic.nack`.
    case nacked
    /// Not connected, or the connection was lost before the confirm arrived: the message may be stored or not.
    case unknown(String)
    /// The broker closed the channel or the connection because of a published message, this one or another one in
    /// flight, with AMQP's reply code and the broker's text: the message may be stored or not.
    case closed(code: Int, text: String)
    /// The message can never be published as it is: it violates AMQP's or the broker's rules.
    case refused(String)
}

/// A promise of the outcomes of one batch.
public struct PublishReceipt: Sendable {
    private let wait: @Sendable () async -> [PublishOutcome]

    /// - Parameter wait: returns one outcome per message, in order; it may be called once.
    public init(_ wait: @escaping @Sendable () async -> [PublishOutcome]) { self.wait = wait }

    /// Waits until every message of the batch has its outcome, and returns them in the batch's order.
    public func outcomes() async -> [PublishOutcome] { await wait() }
}
