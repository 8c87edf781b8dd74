// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging
public import ServiceLifecycle

/// Consumes a queue of a RabbitMQ broker and settles what it was delivered.
///
/// It works while ``run()`` runs. On each connection it declares the consumer's queues, then consumes on one
/// connection and publishes moved copies on another: acknowledgements must not wait behind a publisher that an
/// alarm has blocked. What is deleted while it runs is declared again, and while the signals' exchange does not exist
/// yet, it waits for it.
public struct BrokerSource: SignalBatchSource, Service {
    public let deliveries: AsyncStream<Delivery>
    /// What is consumed.
    public let topology: ConsumerTopology

    private let configuration: BrokerConfiguration
    private let logger: Logger
    private let keepsBindings: Bool
    private let gate: DeliveryGate
    private let thread: ConnectionThread
    private let mover: CopyMover
    private let moves = MoveHealth()

    /// - Parameters:
    ///   - keepsBindings: Whether the queue stays bound with patterns that a worker has bound it with before and that
    ///     are not in the topology any more; they are logged then. By default it is unbound from them.
    ///   - logger: is told at `info` when the connections come and go.
    public init(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration, keepsBindings: Bool = false,
        logger: Logger = Logger(label: "auth.broker")
    ) {
        self.topology = topology
        self.configuration = configuration
        self.keepsBindings = keepsBindings
        self.logger = logger
        let gate = DeliveryGate()
        self.gate = gate
        deliveries = AsyncStream { await gate.next() }
        thread = ConnectionThread(
            name: "\(configuration.connectionName) consumer", configuration: configuration, logger: logger)
        let connection = PublishingConnection(
            exchange: topology.exchange, declaresExchange: false,
            name: "\(configuration.connectionName) mover", configuration, logger
        ) {
            TopologyUpkeep(
                of: topology, signals: configuration.exchange, every: configuration.upkeepInterval,
                logger: logger)
        }
        mover = CopyMover(on: connection, topology, patience: configuration.confirmTimeout, logger)
    }

    /// How the connections are now: the consumer's, unless that one is well and the other is not.
    public var status: BrokerStatus { thread.status.isReady ? mover.connection.status : thread.status }

    /// Returns when the queue is bound, and consumed for the first time.
    ///
    /// - Throws: `CancellationError`
    public func awaitConnected() async throws { try await gate.awaitConnected() }

    public var isStrictlyOrdered: Bool { topology.isSingleActive }

    public func isCurrent(_ delivery: Delivery) -> Bool { gate.isCurrent(delivery.tag) }

    public func nextDeliveries() async -> [Delivery]? { await gate.nextAll() }

    /// Why the last copy could not be moved; nil where it could. While this lasts, what fails is neither tried
    /// again nor set aside, but stays unsettled.
    public var moveFault: BrokerError? { moves.fault }

    public func acknowledge(_ delivery: Delivery) { settle(delivery, .acknowledge) }

    public func release(_ delivery: Delivery) { settle(delivery, .release) }

    public func flush() async { await gate.flush(thread.wake) }

    private func settle(_ delivery: Delivery, _ settlement: SettlementLedger.Settlement) {
        if gate.settle(delivery.tag, settlement) { thread.wake() }
    }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/notMoved``, or `CancellationError`.
    public func move(_ delivery: Delivery, as copies: [MovedCopy]) async throws {
        guard gate.isCurrent(delivery.tag) else {
            // Nothing is wrong with moving.
            throw BrokerError(.notMoved, "the delivery's connection is gone; it will be delivered again")
        }
        let ending: CopyMover.Ending
        do {
            ending = try await mover.move(delivery.tag, as: copies)
            moves.fault = nil
        } catch let error as BrokerError {
            moves.fault = error
            throw error
        }
        switch ending {
        case .stored: acknowledge(delivery)
        case .impossible(let why):
            logger.error(
                "a copy can never be published; the message goes to the dead letters as it is",
                metadata: ["queue": "\(topology.queue)", "error": "\(why)"])
            settle(delivery, .reject)
        }
    }

    public func stopTaking() async { await gate.stopTaking(thread.wake) }

    /// Connects and consumes until the task is cancelled or a graceful shutdown begins. Then it takes nothing
    /// more, tells the broker what was settled by then, and returns; what was not goes back to the queue.
    ///
    /// In a `ServiceGroup` list it before the service that reads ``deliveries``, so that it ends after that one.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` where the process has no memory or file
    ///   descriptor left to begin with.
    public func run() async throws {
        do throws(BrokerError) {
            try mover.connection.start()
            try thread.start { [topology, configuration, keepsBindings, gate, logger] in
                ConsumingRole(topology, configuration, keepsBindings: keepsBindings, gate, logger)
            }
        } catch {
            gate.end()
            await mover.connection.stop()
            throw error
        }
        await untilShutdown()
        await mover.connection.stop()
        await thread.stop()
    }
}
