// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging
public import ServiceLifecycle

/// Publishes signals to the topic exchange of a RabbitMQ broker: persistent, mandatory, with confirms.
///
/// It works while ``run()`` runs: it connects on a thread of its own, declares the exchange, and after a loss
/// connects again, for ever, with pauses that grow up to half a minute.
///
/// ```swift
/// let publisher = BrokerPublisher(BrokerConfiguration(urls: try BrokerURL.list(text)))
/// async let running: Void = publisher.run()
/// try await publisher.awaitReady()
/// let outcomes = await publisher.publish(batch)
/// ```
public struct BrokerPublisher: SignalPublisher, Service {
    private let connection: PublishingConnection

    /// - Parameter logger: is told at `info` when the connection comes and goes.
    public init(_ configuration: BrokerConfiguration, logger: Logger = Logger(label: "auth.broker")) {
        connection = PublishingConnection(
            exchange: configuration.exchange, declaresExchange: true,
            name: "\(configuration.connectionName) publisher", configuration, logger)
    }

    /// How the connection is now.
    public var status: BrokerStatus { connection.status }

    public func submit(_ batch: [SignalMessage]) -> PublishReceipt { connection.submit(batch) }

    public func awaitReady() async throws { try await connection.awaitReady() }

    /// Connects and stays connected until the task is cancelled or a graceful shutdown begins. Then it publishes
    /// what was submitted, waits for its confirms, at most ``BrokerConfiguration/closeTimeout``, and returns.
    /// What was not confirmed by then is unknown.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` where the process has no memory or file
    ///   descriptor left to begin with.
    public func run() async throws {
        try connection.start()
        await untilShutdown()
        await connection.stop()
    }
}

/// Returns when the task is cancelled or a graceful shutdown begins.
func untilShutdown() async { try? await gracefulShutdown() }
