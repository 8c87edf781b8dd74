// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging
public import ServiceLifecycle
import Synchronization

/// Consumes a queue of a RabbitMQ broker and settles its deliveries.
///
/// It is active while ``run()`` runs. On every connect it declares the consumer's queues. It consumes on one
/// connection and republishes copies on another, so that acknowledgements never wait behind a publisher that an alarm
/// has blocked. Queues and exchanges that are deleted while it runs are declared again. If the signals' exchange does
/// not exist yet, it waits for it.
public struct BrokerSource: SignalSource, Service {
    /// The consumer's queue, with everything else that it owns at the broker.
    public let topology: ConsumerTopology

    private let settings: BrokerSettings
    private let logger: Logger
    private let keepsBindings: Bool
    private let buffer: DeliveryBuffer
    private let thread: ConnectionThread
    private let mover: CopyPublisher
    private let moves = CopyHealth()

    /// - Parameters:
    ///   - topology: The queue and the objects that belong to it.
    ///   - settings: The broker, and the source's limits.
    ///   - keepsBindings: Whether the queue stays bound with patterns that a worker bound earlier and that are no
    ///     longer in the topology; they are logged then. By default they are unbound.
    ///   - logger: Receives a message at `info` when a connection is established, and failures at `notice` or above.
    public init(
        _ topology: ConsumerTopology, _ settings: BrokerSettings, keepsBindings: Bool = false,
        logger: Logger = Logger(label: "auth.broker")
    ) {
        let settings = settings.withFittingBodies
        self.topology = topology
        self.settings = settings
        self.keepsBindings = keepsBindings
        self.logger = logger
        buffer = DeliveryBuffer()
        thread = ConnectionThread(
            name: "\(settings.connectionName) consumer", settings: settings, logger: logger)
        let connection = PublishingConnection(
            exchange: topology.exchange, declaresExchange: false,
            name: "\(settings.connectionName) mover", settings, logger
        ) {
            TopologyUpkeep(
                of: topology, signals: settings.exchange, every: settings.upkeepInterval,
                logger: logger)
        }
        mover = CopyPublisher(on: connection, topology, patience: settings.confirmTimeout, logger)
    }

    /// The state of the consuming connection or, if that one is ready, of the republishing connection.
    public var status: BrokerStatus { thread.status.isReady ? mover.connection.status : thread.status }

    /// Returns when the queue is bound and consumed for the first time.
    ///
    /// - Throws: `CancellationError`
    public func awaitConnected() async throws { try await buffer.awaitConnected() }

    public var isStrictlyOrdered: Bool { topology.isSingleActive }

    public var destination: MessagingDestination {
        MessagingDestination(system: "rabbitmq", name: topology.queue)
    }

    public func isCurrent(_ delivery: Delivery) -> Bool { buffer.isCurrent(delivery.tag) }

    public func nextDeliveries() async -> [Delivery]? { await buffer.next() }

    /// The largest number of body bytes that were unsettled at the same time; at most
    /// ``BrokerSettings/inFlightBytes``.
    package var mostBytesInFlight: Int { buffer.mostBytes }

    /// Why the last copy could not be republished; nil if it was. Until then failed deliveries are neither retried nor
    /// dead-lettered, but stay unsettled.
    public var moveFault: BrokerError? { moves.fault }

    public func acknowledge(_ delivery: Delivery) { settle(delivery, .acknowledge) }

    public func release(_ delivery: Delivery) { settle(delivery, .release) }

    public func flush() async { await buffer.flush(thread.wake) }

    private func settle(_ delivery: Delivery, _ settlement: SettlementLedger.Settlement) {
        if buffer.settle(delivery.tag, settlement) { thread.wake() }
    }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/notMoved``, or `CancellationError`.
    public func republish(_ delivery: Delivery, as copies: [RepublishedCopy]) async throws {
        guard buffer.isCurrent(delivery.tag) else {
            // Republishing itself has not failed, so that `moves.fault` stays.
            throw BrokerError(.notMoved, "the delivery's connection was lost; it will be redelivered")
        }
        let ending: CopyPublisher.Ending
        do {
            ending = try await mover.republish(delivery.tag, as: copies)
            moves.fault = nil
        } catch let error as BrokerError {
            moves.fault = error
            throw error
        }
        switch ending {
        case .stored: acknowledge(delivery)
        case .impossible(let why):
            logger.error(
                "copy cannot be published; message dead-lettered unchanged",
                metadata: ["queue": "\(topology.queue)", "error": "\(why)"])
            settle(delivery, .reject)
        }
    }

    public func stopTaking() async { await buffer.stopTaking(thread.wake) }

    /// Connects and consumes until the task is cancelled or a graceful shutdown begins. Then it stops consuming, sends
    /// the settlements that were made, and returns; unsettled deliveries return to the queue.
    ///
    /// In a `ServiceGroup` list it before the service that calls ``nextDeliveries()``, so that it ends after that one.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` if the process has no memory or file
    ///   descriptor for a connection.
    public func run() async throws {
        do throws(BrokerError) {
            try mover.connection.start()
            try thread.start { [topology, settings, keepsBindings, buffer, logger] in
                ConsumingDriver(topology, settings, keepsBindings: keepsBindings, buffer, logger)
            }
        } catch {
            buffer.end()
            await mover.connection.stop()
            throw error
        }
        await untilShutdown()
        await mover.connection.stop()
        await thread.stop()
    }
}

/// Whether copies can be republished.
private final class CopyHealth: Sendable {
    private let state = Mutex<BrokerError?>(nil)

    /// Why the last copy could not be republished; nil if it was.
    var fault: BrokerError? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
