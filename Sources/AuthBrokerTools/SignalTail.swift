// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthSignals
import CRabbitMQ

/// Shows signals live as they are published, through an exclusive queue that the broker deletes with the connection.
package struct SignalTail: Sendable {
    private let patterns: [SignalPattern]
    private let settings: BrokerSettings

    /// The maximum length of the queue: beyond it the broker drops the oldest messages, so that a slow reader does not
    /// block the publisher.
    static let longestQueue: Int64 = 10_000

    /// - Parameter patterns: The signals to show; at least one pattern.
    package init(_ patterns: [SignalPattern], _ settings: BrokerSettings) {
        self.patterns = patterns
        self.settings = settings
    }

    /// Runs until it is stopped or the connection is lost.
    ///
    /// - Parameters:
    ///   - isEnded: Called four times a second; true stops.
    ///   - take: Called with each message, on the connection's thread; false stops.
    /// - Throws: ``BrokerError``: `notFound` if the signals' exchange does not exist yet.
    package func run(
        isEnded: @escaping @Sendable () -> Bool, _ take: @escaping @Sendable (SignalMessage) -> Bool
    ) async throws(BrokerError) {
        let (patterns, settings) = (patterns, settings)
        try await BrokerAdmin(settings).perform(receivesOnly: true) { channel throws(BrokerError) in
            let exchange = settings.exchange
            let queue = "\(exchange).tail.\(UInt64.random(in: 0...UInt64.max))"
            try channel.declareOwnQueue(queue, ["x-max-length": .integer(Self.longestQueue)])
            for pattern in patterns { try channel.bind(queue, to: exchange, key: pattern.rawValue) }
            try channel.consume(queue, as: queue, prefetch: 256)
            let receiver = Receiver()
            while !isEnded() {
                try channel.step(
                    waitingFor: .milliseconds(250), wantsToWrite: receiver.last != nil, receiver)
                for message in receiver.takeAll() where !take(message) { return }
                if receiver.isCancelled {
                    throw BrokerError(.consumerCancelled, "the queue \(queue) was deleted")
                }
                if let last = receiver.last, case .written = try channel.acknowledge(last, multiple: true) {
                    receiver.last = nil
                }
            }
        }
    }

    private final class Receiver: EventReceiver {
        private var messages: [SignalMessage] = []
        /// The tag of the last unacknowledged delivery.
        var last: UInt64?
        private(set) var isCancelled = false

        func receive(_ event: CRMQEvent) {
            switch event.kind {
            case .delivered:
                messages.append(Delivery(event, epoch: 1).message)
                last = event.tag
            case .consumerCancelled: isCancelled = true
            default: break
            }
        }

        func takeAll() -> [SignalMessage] {
            defer { messages = [] }
            return messages
        }
    }
}
