// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
package import Logging
import ServiceLifecycle

/// Publishes signals to one consumer's queue only, through that consumer's own exchange: an operator uses it to
/// republish signals that one consumer has missed.
///
/// It is active while ``run()`` runs, as ``BrokerPublisher`` is. The consumer's exchange must exist.
package struct QueuePublisher: SignalPublisher, Service {
    private let connection: PublishingConnection

    /// - Parameter queue: The consumer's queue.
    package init(
        to queue: String, _ settings: BrokerSettings, logger: Logger = Logger(label: "auth.broker")
    ) throws(BrokerError) {
        connection = PublishingConnection(
            exchange: try ConsumerTopology(queue: queue, patterns: []).exchange, declaresExchange: false,
            name: "\(settings.connectionName) publisher", settings, logger)
    }

    package func submit(_ batch: [SignalMessage]) -> PublishReceipt {
        connection.submit(
            batch.map { message in
                var copy = message
                copy.routingKey = "main"
                copy.headers[SignalMessage.HeaderName.originKey] = .string(message.routingKey)
                return copy
            })
    }

    /// The state of the connection.
    package var status: BrokerStatus { connection.status }

    package func awaitReady() async throws { try await connection.awaitReady() }

    /// As ``awaitReady()``, with a timeout.
    ///
    /// - Throws: ``BrokerError`` after `bound`: the error of the last attempt.
    package func awaitReady(within bound: Duration) async throws {
        try await connection.awaitConnection(within: bound)
    }

    package func run() async throws {
        try connection.start()
        await untilShutdown()
        await connection.stop()
    }
}
