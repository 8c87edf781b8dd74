// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging
public import ServiceLifecycle

/// Publishes signals to the topic exchange of a RabbitMQ broker: persistent, mandatory, with confirms.
///
/// It is active while ``run()`` runs: it connects on a dedicated thread, declares the exchange, and reconnects after
/// every loss, with exponential backoff up to ``BrokerSettings/longestPause``.
///
/// ```swift
/// let publisher = BrokerPublisher(BrokerSettings(urls: try BrokerURL.list(text)))
/// async let running: Void = publisher.run()
/// try await publisher.awaitReady()
/// let outcomes = await publisher.publish(batch)
/// ```
public struct BrokerPublisher: SignalPublisher, Service {
    private let connection: PublishingConnection
    public let destination: MessagingDestination

    /// - Parameters:
    ///   - settings: The broker, and the publisher's limits.
    ///   - logger: Receives a message at `info` when the connection is established, and failures at `notice` or
    ///     above.
    public init(_ settings: BrokerSettings, logger: Logger = Logger(label: "auth.broker")) {
        destination = MessagingDestination(system: "rabbitmq", name: settings.exchange)
        connection = PublishingConnection(
            exchange: settings.exchange, declaresExchange: true,
            name: "\(settings.connectionName) publisher", settings, logger)
    }

    /// The state of the connection.
    public var status: BrokerStatus { connection.status }

    public func submit(_ batch: [SignalMessage]) -> PublishReceipt { connection.submit(batch) }

    public func awaitReady() async throws { try await connection.awaitReady() }

    /// As ``awaitReady()``, with a timeout.
    ///
    /// - Throws: ``BrokerError`` after `bound`: the error of the last attempt.
    package func awaitReady(within bound: Duration) async throws {
        try await connection.awaitConnection(within: bound)
    }

    /// Connects and stays connected until the task is cancelled or a graceful shutdown begins. Then it publishes the
    /// submitted messages, waits at most ``BrokerSettings/closeTimeout`` for their confirms, and returns. The
    /// outcome of messages without a confirm is `PublishOutcome.unknown(_:)`.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` if the process has no memory or file
    ///   descriptor for a connection.
    public func run() async throws {
        try connection.start()
        await untilShutdown()
        await connection.stop()
    }
}

/// Returns when the task is cancelled or a graceful shutdown begins.
func untilShutdown() async { try? await gracefulShutdown() }
