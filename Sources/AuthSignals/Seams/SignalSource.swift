// SPDX-License-Identifier: Apache-2.0

/// A consumed queue: a seam between the dispatcher and the broker.
///
/// Every delivery is settled once: acknowledged, republished, or released. Deliveries that are not settled when the
/// connection is lost or the source is closed are redelivered.
public protocol SignalSource: Sendable {
    /// Waits for deliveries and returns those that have arrived since the last call, at least one, in the queue's
    /// order. Returning several at a time costs less than one at a time.
    ///
    /// It continues across reconnects. Call it from one task at a time.
    ///
    /// - Returns: nil after ``stopTaking()``, when all deliveries that had arrived were returned, or if the calling task
    ///   is cancelled.
    func nextDeliveries() async -> [Delivery]?

    /// Acknowledges a delivery without waiting. A delivery of a lost connection is ignored.
    func acknowledge(_ delivery: Delivery)

    /// Requeues a delivery, to be delivered again. This counts as a delivery.
    func release(_ delivery: Delivery)

    /// Returns when all earlier settlements were sent to the broker, or can no longer be sent. Deliveries whose
    /// settlements were sent are not redelivered if the process dies afterwards.
    func flush() async

    /// Publishes copies to the consumer's own queues, mandatory and with confirms, and then acknowledges the
    /// delivery. Returns when the broker has confirmed all copies.
    ///
    /// If a copy can never be published as it is, the properties and headers that are too large for AMQP are removed.
    /// If it cannot be published without them either, the delivery is rejected instead, which dead-letters it, and the
    /// call returns: a message that the broker permanently refuses is not retried.
    ///
    /// - Throws: If a copy was not stored; the delivery is then not settled and may be republished again.
    func republish(_ delivery: Delivery, as copies: [RepublishedCopy]) async throws

    /// Stops consuming the queue; earlier deliveries can still be settled.
    func stopTaking() async

    /// Whether the queue has one active consumer at a time (`x-single-active-consumer`), so that its order must always
    /// be kept. By default false.
    var isStrictlyOrdered: Bool { get }

    /// Whether the delivery can still be settled. A delivery of a lost connection cannot: it is redelivered to this or
    /// another worker, so its handlers need not be started. By default true.
    func isCurrent(_ delivery: Delivery) -> Bool

    /// The queue, for spans. By default ``MessagingDestination/memory``.
    var destination: MessagingDestination { get }
}

extension SignalSource {
    public var destination: MessagingDestination { .memory }
    public var isStrictlyOrdered: Bool { false }
    public func isCurrent(_ delivery: Delivery) -> Bool { true }
}

/// One delivered message, with the tag that settles it.
public struct Delivery: Sendable {
    /// A class, so that a copy of a delivery, of which a dispatcher makes several, costs one reference count.
    @usableFromInline
    final class Content: Sendable {
        @usableFromInline let message: SignalMessage
        @usableFromInline init(_ message: SignalMessage) { self.message = message }
    }
    @usableFromInline var content: Content

    @inlinable public var message: SignalMessage {
        get { content.message }
        set { content = Content(newValue) }
    }
    /// Whether the broker has delivered it before.
    public var redelivered: Bool
    /// How often it was delivered before, if the queue counts deliveries (`x-delivery-count`).
    public var deliveryCount: Int
    /// Identifies the delivery within its source.
    public var tag: Tag

    /// How often a message may be requeued (`x-delivery-limit`); the next time it is dead-lettered.
    public static let mostReturns = 20

    /// The largest body that is passed to a handler, in bytes; a larger one is dead-lettered as `too-large`. The
    /// contract's limit is 64 KiB.
    package static let largestBody = 1 << 20

    /// A delivery's number on its connection.
    public struct Tag: Hashable, Sendable {
        /// The number of the source's connection, starting at 1.
        public var epoch: UInt64
        /// AMQP's delivery tag.
        public var number: UInt64

        public init(epoch: UInt64, number: UInt64) {
            self.epoch = epoch
            self.number = number
        }
    }

    public init(message: SignalMessage, redelivered: Bool, deliveryCount: Int, tag: Tag) {
        content = Content(message)
        self.redelivered = redelivered
        self.deliveryCount = deliveryCount
        self.tag = tag
    }
}

/// A republished copy of a message, for one of the consumer's own queues.
public struct RepublishedCopy: Sendable {
    /// Which of the consumer's own queues.
    public enum Destination: Hashable, Sendable {
        /// The queue itself.
        case main
        /// The delay queue of that retry rung: `1s`, `10s`, `1m`, `10m`, `1h`.
        case retry(RetryRung)
        /// The dead-letter queue.
        case dead
    }

    public var destination: Destination
    /// The message; its routing key is set by the source.
    public var message: SignalMessage

    public init(to destination: Destination, message: SignalMessage) {
        self.destination = destination
        self.message = message
    }
}

/// A rung of the retry ladder: a delay queue that holds a message for a fixed time.
public struct RetryRung: Hashable, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// The suffix of the queue's name.
    public let name: String
    /// How long a message stays in it.
    public let delay: Duration

    public static let oneSecond = RetryRung(name: "1s", delay: .seconds(1))
    public static let tenSeconds = RetryRung(name: "10s", delay: .seconds(10))
    public static let oneMinute = RetryRung(name: "1m", delay: .seconds(60))
    public static let tenMinutes = RetryRung(name: "10m", delay: .seconds(600))
    public static let oneHour = RetryRung(name: "1h", delay: .seconds(3600))

    /// The ladder, shortest first.
    public static let allCases: [RetryRung] = [.oneSecond, .tenSeconds, .oneMinute, .tenMinutes, .oneHour]

    public var description: String { name }
    public static func < (left: RetryRung, right: RetryRung) -> Bool { left.delay < right.delay }
}
