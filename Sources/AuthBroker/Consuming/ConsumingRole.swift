// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Logging

/// Takes deliveries from one queue and tells the broker what became of them.
final class ConsumingRole: ConnectionRole {
    private let topology: ConsumerTopology
    private let configuration: BrokerConfiguration
    private let keepsBindings: Bool
    private let gate: DeliveryGate
    private let logger: Logger
    private let tagPrefix: String

    private var epoch: UInt64 = 0
    /// What has come and was not handed over yet.
    private var arrived: [Delivery] = []
    private var handedOverAt: ContinuousClock.Instant?
    private var texts = RepeatedTexts()
    private var ledger = SettlementLedger()
    private var commands: ArraySlice<SettlementLedger.Command> = []
    private var isCancelSent = false
    private var fault: BrokerError?
    /// AMQP cannot widen a consumer's prefetch: one with a larger takes its place.
    private var window: PrefetchWindow
    /// How many consumers this connection has had.
    private var consumers = 0
    private var change = Change.none
    /// Whether the broker has ended the consumer of the connection before.
    private var wasCancelled = false
    /// Those that wait until what is in the ledger was told.
    private var flushes: [DeliveryGate.Flush] = []
    /// When the oldest settlement came that the broker has not been told.
    private var since: ContinuousClock.Instant?

    /// The consumer's replacement by one with a larger prefetch.
    private enum Change {
        case none
        /// The old one is being cancelled.
        case cancelling
        /// Nothing is delivered to the old one any more.
        case cancelled
    }

    /// RabbitMQ 3.10 returns what a consumer held in its order only if it is not more than this.
    private static let mostInOrder = 32

    /// How long a settlement waits for others, to be told in one frame with them.
    private static let gathering = Duration.milliseconds(5)
    /// How long deliveries wait for others where some were handed over just before: the broker sends them by
    /// twos and threes, and to wake a task for each two costs more than to handle them.
    private static let moderation = Duration.milliseconds(1)

    init(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration, keepsBindings: Bool,
        _ gate: DeliveryGate, _ logger: Logger
    ) {
        self.topology = topology
        self.configuration = configuration
        self.keepsBindings = keepsBindings
        self.gate = gate
        self.logger = logger
        window = Self.window(topology, configuration)
        tagPrefix = "\(topology.queue.prefix(40))-\(UInt64.random(in: 0...UInt64.max))"
    }

    /// A single active consumer that is replaced would hand the queue to another worker.
    private static func window(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration
    ) -> PrefetchWindow {
        if topology.isSingleActive {
            let size = min(configuration.prefetch, mostInOrder)
            return PrefetchWindow(first: size, most: size)
        }
        return PrefetchWindow(first: configuration.firstPrefetch, most: configuration.prefetch)
    }

    /// Tags sort as the consumers do: RabbitMQ 3.10 returns what they held in that order.
    private var consumerTag: String { "\(tagPrefix)-\(consumers < 10 ? "0" : "")\(consumers)" }

    /// Declares on a connection of its own: a consumer's connection makes no calls but its consumer's.
    func prepare(_ dial: Dial) throws(BrokerError) {
        if wasCancelled { try tellWhyCancelled(dial) }
        wasCancelled = false
        let declaring = try dial.open()
        try declaring.declare(topology, signals: configuration.exchange)
        followBindings(declaring)
        let channel = try dial.open(receivesOnly: true)
        ledger = SettlementLedger()
        window = Self.window(topology, configuration)
        consumers = 1
        change = .none
        commands = []
        arrived = []
        fault = nil
        since = nil
        isCancelSent = !gate.isTaking
        if isCancelSent { return }
        try channel.consume(topology.queue, as: consumerTag, prefetch: window.size)
    }

    /// What the broker has ended the consumer for: it does not say, but whether the queue is still there does.
    private func tellWhyCancelled(_ dial: Dial) throws(BrokerError) {
        let channel = try dial.open()
        do throws(BrokerError) {
            try channel.declareQueue(topology.queue, isPassive: true)
            logger.warning(
                """
                the broker ended the consumer, and the queue exists: probably a delivery was unsettled for longer than \
                the broker's consumer_timeout; consuming again
                """,
                metadata: ["queue": "\(topology.queue)"])
        } catch {
            guard error.code == .notFound else { throw error }
            logger.warning(
                "the queue was deleted under its consumer; declaring it again",
                metadata: ["queue": "\(topology.queue)"])
        }
    }

    /// - Parameter channel: is not used any more afterwards.
    private func followBindings(_ channel: Channel) {
        do throws(BrokerError) {
            let stale = try channel.followBindings(
                of: topology, signals: configuration.exchange, keeps: keepsBindings)
            if stale.isEmpty { return }
            let patterns = Logger.MetadataValue.string(stale.joined(separator: " "))
            if keepsBindings {
                logger.warning(
                    """
                    the queue is still bound with patterns that are not configured any more; start a worker without \
                    --keep-bindings to unbind them
                    """,
                    metadata: ["queue": "\(topology.queue)", "patterns": patterns])
            } else {
                logger.notice(
                    "the queue was unbound from patterns that are not configured any more",
                    metadata: ["queue": "\(topology.queue)", "patterns": patterns])
            }
        } catch {
            // The worker can work without. It is tried again with the next connection.
            logger.warning(
                """
                it cannot be seen which patterns the queue was bound with before; those that are not configured any \
                more stay bound
                """,
                metadata: ["queue": "\(topology.queue)", "error": "\(error.message)"])
        }
    }

    func connected() { epoch = gate.connected() }

    // MARK: In

    func receive(_ event: CRMQEvent) {
        // After a fault nothing more is taken from this connection; the broker delivers it again on the next.
        if fault != nil { return }
        do throws(BrokerError) { try take(event) } catch { fault = error }
    }

    private func take(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .delivered:
            try ledger.delivered(event.tag)
            if event.bodySize == UInt64(event.body.count) {
                arrived.append(Delivery(event, epoch: epoch, &texts))
            } else {
                logger.info(
                    "a message is too large and goes to the dead letters",
                    metadata: ["queue": "\(topology.queue)", "bytes": "\(event.bodySize)"])
                ledger.settle(event.tag, .reject)
            }
        case .consumerCancelled where gate.isTaking:
            wasCancelled = true
            fault = BrokerError(
                .consumerCancelled,
                "the broker ended the consumer of \(topology.queue): the queue was deleted, or a delivery was "
                    + "unsettled for longer than its consumer_timeout")
        case .cancelDone where change == .cancelling: change = .cancelled
        case .cancelDone where !isCancelSent:
            throw BrokerError(.protocolError, "the broker ended a consumer that was not cancelled")
        case .consumerCancelled, .cancelDone:
            handOver()
            gate.end()
        default: break
        }
    }

    /// One wake-up for all that came together.
    private func handOver() {
        if arrived.isEmpty { return }
        gate.deliver(arrived)
        arrived = []
        handedOverAt = .now
    }

    /// Hands over what came, at once where it is the first for a while or there is much of it.
    private func moderate() {
        if arrived.isEmpty { return }
        if let handedOverAt, arrived.count < max(1, window.size / 8), gate.isTaking,
            .now - handedOverAt < Self.moderation
        {
            return
        }
        handOver()
    }

    // MARK: Out

    func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> Wish {
        if let fault { throw fault }
        moderate()
        let (settled, waiting) = gate.takeSettled()
        for (number, settlement) in settled {
            ledger.settle(number, settlement)
            if settlement == .acknowledge { window.acknowledge() }
        }
        flushes += waiting
        if !isCancelSent { try steer(channel) }
        gather(isUrgent: isStopping || !flushes.isEmpty)
        guard try tell(channel) else {
            return .wait(arrived.isEmpty ? .seconds(1) : Self.moderation, toWrite: true)
        }
        if ledger.pending == 0 { endFlushes() }
        if ledger.pending == 0, isStopping { return .finished }
        // While settlements are gathered the thread looks again soon, and need not be woken for each.
        let more = ledger.pending < enough ? enough - ledger.pending : enough
        let isEnough = gate.wake(at: ledger.pending > 0 ? more : 1)
        if isEnough { return .wait(.zero, toWrite: false) }
        if !arrived.isEmpty { return .wait(Self.moderation, toWrite: false) }
        return ledger.pending > 0 ? .wait(Self.gathering, toWrite: false) : .idle
    }

    /// How many settlements are told without waiting for more: the rest of the window keeps the queue flowing.
    private var enough: Int { max(1, window.size / 4) }

    /// Cancels the consumer when nothing more is to be taken, or to put one with a larger prefetch in its place.
    private func steer(_ channel: Channel) throws(BrokerError) {
        let isTaking = gate.isTaking
        switch change {
        case .none where !isTaking:
            if case .written = try channel.cancel(consumerTag) { isCancelSent = true }
        case .none where window.isDue:
            if case .written = try channel.cancel(consumerTag) { change = .cancelling }
        case .cancelled where !isTaking:
            isCancelSent = true
            handOver()
            gate.end()
        case .cancelled:
            window.widen()
            consumers += 1
            // It waits for the answer, and nothing else is on its way then.
            try channel.consume(topology.queue, as: consumerTag, prefetch: window.size)
            change = .none
        case .none, .cancelling: break
        }
    }

    /// Makes frames of the settlements where there are enough of them, or where one has waited long enough.
    private func gather(isUrgent: Bool) {
        guard ledger.pending > 0 else { return }
        let now = ContinuousClock.now
        let begin = since ?? now
        since = begin
        let isLate = isUrgent || now - begin >= Self.gathering
        guard isLate || ledger.pending >= enough else { return }
        let new = ledger.commands(isWhole: isLate)
        if new.isEmpty { return }
        commands.append(contentsOf: new)
        since = ledger.pending > 0 ? now : nil
    }

    /// - Returns: whether everything could be written.
    private func tell(_ channel: Channel) throws(BrokerError) -> Bool {
        while let command = commands.first {
            let written =
                switch command {
                case .acknowledge(let tag, let multiple): try channel.acknowledge(tag, multiple: multiple)
                case .release(let tag): try channel.release(tag, requeue: true)
                case .reject(let tag): try channel.release(tag, requeue: false)
                }
            if written == .notNow { return false }
            commands.removeFirst()
        }
        commands = []
        return true
    }

    // MARK: Ends

    func disconnected(_ error: BrokerError) {
        arrived = []
        endFlushes()
        gate.disconnected()
    }

    private func endFlushes() {
        for flush in flushes { flush.resume() }
        flushes = []
    }

    func stopped() {
        endFlushes()
        gate.disconnected()
        gate.end()
    }
}
