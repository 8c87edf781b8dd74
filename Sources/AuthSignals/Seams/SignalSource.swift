// SPDX-License-Identifier: Apache-2.0

/// A queue that is consumed: a seam between the dispatcher and the broker.
///
/// Every delivery is settled once: acknowledged, moved, or released. What was not settled when the
/// connection is lost or the source is closed comes again.
public protocol SignalSource: Sendable {
    /// The deliveries, in the queue's order. The stream goes on over reconnects and ends after
    /// ``stopTaking()``, when what had arrived has been handed out. Read it once.
    var deliveries: AsyncStream<Delivery> { get }

    /// Says that a delivery is done. It does not wait; one of a lost connection is passed over.
    func acknowledge(_ delivery: Delivery)

    /// Gives a delivery back to the queue, to be delivered again. It counts as a delivery.
    func release(_ delivery: Delivery)

    /// Returns when the broker has been told of everything that was settled before, or cannot be told any more:
    /// if the process dies after this, that is not delivered again.
    func flush() async

    /// Publishes copies to the consumer's own queues, mandatory and with confirm, and then acknowledges the
    /// delivery. Returns when the broker has confirmed all of them.
    ///
    /// A copy that can never be published as it is loses what is too large for AMQP: properties and headers. If it
    /// cannot be published without them either, the delivery is rejected instead, which makes it a dead letter, and
    /// this returns: nothing that the broker has refused for good is tried again.
    ///
    /// - Throws: If a copy was not stored; the delivery is then not settled and may be moved again.
    func move(_ delivery: Delivery, as copies: [MovedCopy]) async throws

    /// Takes nothing more from the queue; what was delivered can still be settled.
    func stopTaking() async

    /// Whether the queue serves one consumer at a time, so that its order must be kept whatever happens
    /// (`x-single-active-consumer`). By default false.
    var isStrictlyOrdered: Bool { get }

    /// Whether the delivery can still be settled. One of a lost connection cannot: it comes again, here or at
    /// another worker, and need not be begun. By default true.
    func isCurrent(_ delivery: Delivery) -> Bool
}

extension SignalSource {
    public var isStrictlyOrdered: Bool { false }
    public func isCurrent(_ delivery: Delivery) -> Bool { true }
}

/// A source that hands out what has arrived together in one piece, which costs less than one by one.
public protocol SignalBatchSource: SignalSource {
    /// What has arrived since the last call, in the queue's order and at least one; nil where
    /// ``SignalSource/deliveries`` would end. Read either this or those, and from one task.
    func nextDeliveries() async -> [Delivery]?
}

/// One message as it was delivered, with what is needed to settle it.
public struct Delivery: Sendable {
    public var message: SignalMessage
    /// Whether the broker has delivered it before.
    public var redelivered: Bool
    /// How often it was delivered before, where the queue counts that (`x-delivery-count`).
    public var deliveryCount: Int
    /// Names the delivery to its source.
    public var tag: Tag

    /// How many returns to the queue the contract allows (`x-delivery-limit`): the next one makes a dead letter.
    public static let mostReturns = 20

    /// A delivery's number on its connection.
    public struct Tag: Hashable, Sendable {
        /// Which connection of the source's, counted from 1.
        public var epoch: UInt64
        /// AMQP's delivery tag.
        public var number: UInt64

        public init(epoch: UInt64, number: UInt64) {
            self.epoch = epoch
            self.number = number
        }
    }

    public init(message: SignalMessage, redelivered: Bool, deliveryCount: Int, tag: Tag) {
        self.message = message
        self.redelivered = redelivered
        self.deliveryCount = deliveryCount
        self.tag = tag
    }
}

/// A copy of a message for one of the consumer's own queues.
public struct MovedCopy: Sendable {
    /// Which of the consumer's own queues.
    public enum Destination: Hashable, Sendable {
        /// The queue itself.
        case main
        /// The rung of the ladder with that name: `1s`, `10s`, `1m`, `10m`, `1h`.
        case retry(RetryRung)
        /// The dead letters.
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

/// A rung of the retry ladder: a queue that holds a message for a time.
public struct RetryRung: Hashable, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// The end of the queue's name.
    public let name: String
    /// How long a message stays on it.
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
