// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging
public import ServiceLifecycle

/// Consumes a queue of a RabbitMQ broker and settles what it was delivered.
///
/// It works while ``run()`` runs. On each connection it declares the consumer's queues, then consumes on one
/// connection and publishes moved copies on another: acknowledgements must not wait behind a publisher that an
/// alarm has blocked. While the signals' exchange does not exist yet, it waits for it.
public struct BrokerSource: SignalBatchSource, Service {
    public let deliveries: AsyncStream<Delivery>
    /// What is consumed.
    public let topology: ConsumerTopology

    private let configuration: BrokerConfiguration
    private let logger: Logger
    private let gate: DeliveryGate
    private let thread: ConnectionThread
    private let mover: PublishingConnection
    private let moves = MoveHealth()

    /// - Parameter logger: is told at `info` when the connections come and go.
    public init(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration,
        logger: Logger = Logger(label: "auth.broker")
    ) {
        self.topology = topology
        self.configuration = configuration
        self.logger = logger
        let gate = DeliveryGate()
        self.gate = gate
        deliveries = AsyncStream { await gate.next() }
        thread = ConnectionThread(
            name: "\(configuration.connectionName) consumer", configuration: configuration, logger: logger)
        mover = PublishingConnection(
            exchange: topology.exchange, declaresExchange: false,
            name: "\(configuration.connectionName) mover", configuration, logger)
    }

    /// How the connections are now: the consumer's, unless that one is well and the other is not.
    public var status: BrokerStatus { thread.status.isReady ? mover.status : thread.status }

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
        do {
            try await publish(delivery, as: copies)
            moves.fault = nil
        } catch let error as BrokerError {
            moves.fault = error
            throw error
        }
        acknowledge(delivery)
    }

    private func publish(_ delivery: Delivery, as copies: [MovedCopy]) async throws {
        guard gate.isCurrent(delivery.tag) else {
            throw BrokerError(.notMoved, "the delivery's connection is gone; it will be delivered again")
        }
        try await mover.awaitReady(within: configuration.confirmTimeout)
        let messages = copies.map { $0.message.moved(to: topology.key(of: $0.destination)) }
        let outcomes = await mover.submit(messages).outcomes()
        for (copy, outcome) in zip(copies, outcomes) where outcome != .confirmed {
            throw BrokerError(
                .notMoved, "the copy for \(topology.name(of: copy.destination)) was not stored: \(outcome)")
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
            try mover.start()
            try thread.start { [topology, configuration, gate, logger] in
                ConsumingRole(topology, configuration, gate, logger)
            }
        } catch {
            gate.end()
            await mover.stop()
            throw error
        }
        await untilShutdown()
        await mover.stop()
        await thread.stop()
    }
}
