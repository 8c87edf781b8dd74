// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// Everything that a consumer owns at the broker, as values: its queue, the retry ladder, the dead letters, and
/// the exchange that leads to them.
///
/// All of it is declared at once, since the arguments of a queue that exists cannot be changed. The names begin
/// with the queue's, so a worker needs write permission on nothing but its own.
public struct ConsumerTopology: Hashable, Sendable {
    /// The name of the consumer's queue.
    public let queue: String
    /// What of the signals it wants.
    public let patterns: [SignalPattern]
    /// Whether only one worker at a time is served (`x-single-active-consumer`): strict order.
    public let isSingleActive: Bool

    /// - Parameters:
    ///   - queue: 1 to 200 bytes, not beginning with `amq.`, which belongs to the broker.
    ///   - singleActive: see ``isSingleActive``; it cannot be changed for a queue that exists.
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/invalidValue`` for another name.
    public init(
        queue: String, patterns: [SignalPattern], singleActive: Bool = false
    ) throws(BrokerError) {
        guard (1...200).contains(queue.utf8.count), !queue.utf8.contains(0), !queue.hasPrefix("amq.") else {
            throw BrokerError(
                .invalidValue, "a queue's name has 1 to 200 bytes and does not begin with amq.")
        }
        self.queue = queue
        self.patterns = patterns
        isSingleActive = singleActive
    }

    /// The consumer's own direct exchange.
    public var exchange: String { "\(queue).x" }

    /// The queue that copies for a destination lie in.
    public func name(of destination: MovedCopy.Destination) -> String {
        switch destination {
        case .main: queue
        case .retry(let rung): "\(queue).retry.\(rung.name)"
        case .dead: "\(queue).dead"
        }
    }

    /// The key that leads to a destination on the consumer's own exchange.
    public func key(of destination: MovedCopy.Destination) -> String {
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

    /// Where the queue's workers remember what they have bound it with, since AMQP cannot list bindings: one message.
    public var memory: QueueDeclaration {
        QueueDeclaration(
            quorum: "\(queue).bindings",
            ["x-max-length": .integer(1), "x-delivery-limit": .integer(Self.unlimited)])
    }

    /// The key that leads to ``memory`` on the consumer's own exchange.
    static let memoryKey = "bindings"

    /// Every binding: of the own queues to the own exchange, and of the queue to the signals' exchange.
    public func bindings(to signals: String) -> [QueueBinding] {
        ownBindings + patterns.map { QueueBinding(queue: queue, exchange: signals, key: $0.rawValue) }
    }

    /// The bindings of the own queues to the own exchange.
    var ownBindings: [QueueBinding] {
        let destinations = [.main] + RetryRung.allCases.map { MovedCopy.Destination.retry($0) } + [.dead]
        return destinations.map {
            QueueBinding(queue: name(of: $0), exchange: exchange, key: key(of: $0))
        }
    }

    // A message that kills its worker again and again ends in the dead letters. No limit of length: a full queue
    // would make the broker refuse the publisher's messages for everybody.
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

    // Looking at a message counts as a delivery, and a limit would delete what is looked at too often; RabbitMQ 4
    // has one of 20 unless another is named.
    private var dead: QueueDeclaration {
        QueueDeclaration(quorum: name(of: .dead), ["x-delivery-limit": .integer(Self.unlimited)])
    }

    /// The largest limit of deliveries that brokers take.
    private static let unlimited: Int64 = 2_147_483_647

    /// At least once: without `reject-publish` RabbitMQ takes the strategy and silently loses messages.
    private func deadLettering(
        to destination: MovedCopy.Destination
    ) -> [String: SignalMessage.HeaderValue] {
        [
            "x-dead-letter-exchange": .string(exchange),
            "x-dead-letter-routing-key": .string(key(of: destination)),
            "x-dead-letter-strategy": .string("at-least-once"),
            "x-overflow": .string("reject-publish"),
        ]
    }
}
