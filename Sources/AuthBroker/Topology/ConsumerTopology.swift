// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// Everything that a consumer owns at the broker, as values: its queue, the retry ladder, the dead letter queue, and
/// the exchange that routes to them.
///
/// All of it is declared together, since the arguments of an existing queue cannot be changed. All names begin with the
/// queue's name, so a worker needs write permission only on its own objects.
public struct ConsumerTopology: Hashable, Sendable {
    /// The name of the consumer's queue.
    public let queue: String
    /// The routing patterns of the signals that the queue receives.
    public let patterns: [SignalPattern]
    /// Whether only one worker at a time receives deliveries (`x-single-active-consumer`): strict order.
    public let isSingleActive: Bool

    /// - Parameters:
    ///   - queue: 1 to 200 bytes, not beginning with `amq.`, which the broker reserves.
    ///   - patterns: The patterns that the queue is bound with.
    ///   - singleActive: See ``isSingleActive``; it cannot be changed for an existing queue.
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/invalidValue`` for an invalid name.
    public init(
        queue: String, patterns: [SignalPattern], singleActive: Bool = false
    ) throws(BrokerError) {
        guard (1...200).contains(queue.utf8.count), !queue.utf8.contains(0), !queue.hasPrefix("amq.") else {
            throw BrokerError(
                .invalidValue, "a queue's name must be 1 to 200 bytes and must not begin with amq.")
        }
        self.queue = queue
        self.patterns = patterns
        isSingleActive = singleActive
    }

    /// The consumer's own direct exchange.
    public var exchange: String { "\(queue).x" }

    /// The queue for copies with a destination.
    public func name(of destination: RepublishedCopy.Destination) -> String {
        switch destination {
        case .main: queue
        case .retry(let rung): "\(queue).retry.\(rung.name)"
        case .dead: "\(queue).dead"
        }
    }

    /// The routing key of a destination on the consumer's own exchange.
    public func key(of destination: RepublishedCopy.Destination) -> String {
        switch destination {
        case .main: "main"
        case .retry(let rung): rung.name
        case .dead: "dead"
        }
    }

    /// Every queue, the consumer's own first.
    public var queues: [QueueDeclaration] {
        [main] + RetryRung.allCases.map(rung) + [dead]
    }

    /// The queue that holds the record of the workers' bindings (`BindingMemory`), one message, since AMQP cannot list
    /// bindings.
    public var memory: QueueDeclaration {
        QueueDeclaration(
            quorum: "\(queue).bindings",
            ["x-max-length": .integer(1), "x-delivery-limit": .integer(Self.unlimited)])
    }

    /// The routing key of ``memory`` on the consumer's own exchange.
    static let memoryKey = "bindings"

    /// All bindings: of the consumer's queues to its own exchange, and of its main queue to the signals' exchange.
    public func bindings(to signals: String) -> [QueueBinding] {
        ownBindings + patterns.map { QueueBinding(queue: queue, exchange: signals, key: $0.rawValue) }
    }

    /// The bindings of the consumer's queues to its own exchange.
    var ownBindings: [QueueBinding] {
        let destinations =
            [.main] + RetryRung.allCases.map { RepublishedCopy.Destination.retry($0) } + [.dead]
        return destinations.map {
            QueueBinding(queue: name(of: $0), exchange: exchange, key: key(of: $0))
        }
    }

    // A message that crashes its worker repeatedly is dead-lettered. The queue has no length limit: a full queue would
    // make the broker nack the publisher's messages for all consumers.
    private var main: QueueDeclaration {
        var arguments = deadLettering(to: .dead)
        arguments["x-delivery-limit"] = .integer(Int64(Delivery.mostReturns))
        if isSingleActive { arguments["x-single-active-consumer"] = .bool(true) }
        return QueueDeclaration(quorum: queue, arguments)
    }

    private func rung(_ rung: RetryRung) -> QueueDeclaration {
        var arguments = deadLettering(to: .main)
        arguments["x-message-ttl"] = .integer(Int64(rung.delay.milliseconds))
        return QueueDeclaration(quorum: name(of: .retry(rung)), arguments)
    }

    // Inspecting a message counts as a delivery, and a limit would delete messages that are inspected too often;
    // RabbitMQ 4 has a default limit of 20.
    private var dead: QueueDeclaration {
        QueueDeclaration(quorum: name(of: .dead), ["x-delivery-limit": .integer(Self.unlimited)])
    }

    /// The largest delivery limit that brokers accept.
    private static let unlimited: Int64 = 2_147_483_647

    /// At-least-once dead-lettering. Without `reject-publish` RabbitMQ accepts the strategy but silently loses
    /// messages.
    private func deadLettering(
        to destination: RepublishedCopy.Destination
    ) -> [String: SignalMessage.HeaderValue] {
        [
            "x-dead-letter-exchange": .string(exchange),
            "x-dead-letter-routing-key": .string(key(of: destination)),
            "x-dead-letter-strategy": .string("at-least-once"),
            "x-overflow": .string("reject-publish"),
        ]
    }
}

/// A durable queue with its declaration arguments, which cannot be changed for an existing queue.
public struct QueueDeclaration: Hashable, Sendable {
    public var name: String
    public var arguments: [String: SignalMessage.HeaderValue]

    /// A quorum queue: replicated if the broker has several nodes, and written to disk before a confirm.
    ///
    /// - Parameter arguments: The arguments besides `x-queue-type`.
    package init(quorum name: String, _ arguments: [String: SignalMessage.HeaderValue]) {
        self.name = name
        self.arguments = arguments.merging(["x-queue-type": .string("quorum")]) { _, own in own }
    }
}

/// A queue's binding to an exchange.
public struct QueueBinding: Hashable, Sendable {
    public var queue: String
    public var exchange: String
    public var key: String
}
