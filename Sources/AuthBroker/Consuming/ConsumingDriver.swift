// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import DequeModule
import Logging

/// Consumes one queue, passes on its deliveries, and sends their settlements to the broker.
final class ConsumingDriver: ConnectionDriver {
    private let topology: ConsumerTopology
    private let settings: BrokerSettings
    private let keepsBindings: Bool
    private let buffer: DeliveryBuffer
    private let logger: Logger
    private let tagPrefix: String

    private var epoch: UInt64 = 0
    /// Deliveries that were received and not yet passed to the ``DeliveryBuffer``.
    private var arrived: [Delivery] = []
    private var handedOverAt: ContinuousClock.Instant?
    private var texts = StringCache()
    private var ledger = SettlementLedger()
    private var commands: Deque<SettlementLedger.Command> = []
    private var isCancelSent = false
    private var fault: BrokerError?
    /// AMQP cannot change a consumer's prefetch: the consumer is replaced by one with another prefetch.
    private var window: PrefetchWindow
    private var budget: DeliveryBudget
    /// The tags of deliveries that did not fit into the budget, and of all that arrived after them: they go back to the
    /// queue.
    private var returning: [UInt64] = []
    /// The number of consumers that this connection has started.
    private var consumers = 0
    private var change = Change.none
    /// Whether the broker cancelled the previous connection's consumer.
    private var wasCancelled = false
    /// Tasks that wait until all settlements in the ledger are sent.
    private var flushes: [DeliveryBuffer.Flush] = []
    /// When the oldest settlement was made that is not yet sent.
    private var since: ContinuousClock.Instant?

    /// The consumer's replacement by one with another prefetch.
    private enum Change {
        case none
        /// The old one is being cancelled.
        case cancelling
        /// The old one receives no more deliveries.
        case cancelled
        /// Deliveries of the old one are returned to the queue; the new one begins when the budget has room for it.
        case waitingForRoom
    }

    /// RabbitMQ 3.10 requeues a consumer's deliveries in order only if there are at most this many.
    private static let mostInOrder = 32

    /// How long a settlement waits for others, to be sent with them in one frame.
    private static let gathering = Duration.milliseconds(5)
    /// How long deliveries wait for others if some were passed on just before: the broker sends them two or three at a
    /// time, and waking a task for each group costs more than handling the deliveries.
    private static let moderation = Duration.milliseconds(1)

    init(
        _ topology: ConsumerTopology, _ settings: BrokerSettings, keepsBindings: Bool,
        _ buffer: DeliveryBuffer, _ logger: Logger
    ) {
        self.topology = topology
        self.settings = settings
        self.keepsBindings = keepsBindings
        self.buffer = buffer
        self.logger = logger
        window = Self.window(topology, settings)
        budget = Self.budget(topology, settings)
        tagPrefix = "\(topology.queue.prefix(40))-\(UInt64.random(in: 0...UInt64.max))"
    }

    /// With a single active consumer the prefetch is fixed: replacing the consumer would hand the queue to another
    /// worker.
    private static func window(
        _ topology: ConsumerTopology, _ settings: BrokerSettings
    ) -> PrefetchWindow {
        if topology.isSingleActive {
            let fitting = DeliveryBudget.strictPrefetch(
                limit: settings.inFlightLimit, largestBody: settings.largestBody)
            let size = min(settings.prefetch, mostInOrder, fitting)
            return PrefetchWindow(first: size, most: size)
        }
        return PrefetchWindow(first: settings.firstPrefetch, most: settings.prefetch)
    }

    private static func budget(
        _ topology: ConsumerTopology, _ settings: BrokerSettings
    ) -> DeliveryBudget {
        guard topology.isSingleActive else { return DeliveryBudget(limit: settings.inFlightLimit) }
        return DeliveryBudget(
            limit: settings.inFlightLimit, singleActivePrefetch: window(topology, settings).size)
    }

    /// Tags sort in the order of the consumers, since RabbitMQ 3.10 requeues their deliveries in the order of tags.
    private var consumerTag: String {
        let digits = String(consumers)
        return tagPrefix + "-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Declares on a separate connection: the consuming connection makes no other blocking calls.
    func prepare(_ attempt: ConnectionAttempt) throws(BrokerError) {
        if wasCancelled { try tellWhyCancelled(attempt) }
        wasCancelled = false
        let declaring = try attempt.open()
        try declaring.declare(topology, signals: settings.exchange)
        followBindings(declaring)
        let channel = try attempt.open(receivesOnly: true)
        ledger = SettlementLedger()
        window = Self.window(topology, settings)
        budget = Self.budget(topology, settings)
        returning = []
        consumers = 0
        change = .none
        commands = []
        arrived = []
        fault = nil
        since = nil
        isCancelSent = !buffer.isTaking
        if isCancelSent { return }
        try consume(channel)
    }

    /// Starts the next consumer. Blocks until the reply; nothing is delivered meanwhile, since no other consumer exists.
    private func consume(_ channel: Channel) throws(BrokerError) {
        consumers += 1
        budget.begin()
        try channel.consume(topology.queue, as: consumerTag, prefetch: window.size)
        change = .none
    }

    /// Logs why the broker cancelled the consumer. `basic.cancel` has no reason, but whether the queue still exists
    /// indicates one.
    private func tellWhyCancelled(_ attempt: ConnectionAttempt) throws(BrokerError) {
        let channel = try attempt.open()
        do throws(BrokerError) {
            try channel.declareQueue(topology.queue, isPassive: true)
            logger.warning(
                """
                consumer cancelled by the broker although the queue exists: a delivery was probably unsettled for \
                longer than the broker's consumer_timeout; consuming again
                """,
                metadata: ["queue": "\(topology.queue)"])
        } catch {
            guard error.code == .notFound else { throw error }
            logger.warning(
                "consumer cancelled by the broker because the queue was deleted; declaring it again",
                metadata: ["queue": "\(topology.queue)"])
        }
    }

    /// - Parameter channel: Must not be used afterwards.
    private func followBindings(_ channel: Channel) {
        do throws(BrokerError) {
            let stale = try channel.followBindings(
                of: topology, signals: settings.exchange, keeps: keepsBindings)
            if stale.isEmpty { return }
            let patterns = Logger.MetadataValue.string(stale.joined(separator: " "))
            if keepsBindings {
                logger.warning(
                    """
                    queue still bound with patterns that are no longer configured; start a worker without \
                    --keep-bindings to unbind them
                    """,
                    metadata: ["queue": "\(topology.queue)", "patterns": patterns])
            } else {
                logger.notice(
                    "queue unbound from patterns that are no longer configured",
                    metadata: ["queue": "\(topology.queue)", "patterns": patterns])
            }
        } catch {
            // Not fatal: retried with the next connection.
            logger.warning(
                """
                record of earlier bindings unavailable; patterns that are no longer configured stay bound
                """,
                metadata: ["queue": "\(topology.queue)", "error": "\(error.message)"])
        }
    }

    func connected() { epoch = buffer.connected() }

    // MARK: In

    func receive(_ event: CRMQEvent) {
        // After a fault, further deliveries are ignored; the broker redelivers them on the next connection.
        if fault != nil { return }
        do throws(BrokerError) { try take(event) } catch { fault = error }
    }

    private func take(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .delivered:
            try ledger.delivered(event.tag)
            if event.bodySize == UInt64(event.body.count) { keep(event) } else { reject(event) }
        case .consumerCancelled where buffer.isTaking:
            wasCancelled = true
            fault = BrokerError(
                .consumerCancelled,
                "the broker cancelled the consumer of \(topology.queue): the queue was deleted, or a delivery was "
                    + "unsettled for longer than the broker's consumer_timeout")
        case .cancelDone where change == .cancelling: change = .cancelled
        case .cancelDone where !isCancelSent:
            throw BrokerError(.protocolError, "the broker sent an unexpected basic.cancel-ok")
        case .consumerCancelled, .cancelDone:
            giveBack()
            handOver()
            buffer.end()
        default: break
        }
    }

    /// Keeps a delivery if it fits into the budget.
    private func keep(_ event: CRMQEvent) {
        if returning.isEmpty, budget.admit(event.tag, bytes: event.body.count) {
            arrived.append(Delivery(event, epoch: epoch, &texts))
        } else if topology.isSingleActive {
            reject(event)
        } else {
            budget.skip(bytes: event.body.count)
            returning.append(event.tag)
        }
    }

    /// Lets the broker dead-letter a delivery.
    private func reject(_ event: CRMQEvent) {
        logger.info(
            "message too large; dead-lettered",
            metadata: ["queue": "\(topology.queue)", "bytes": "\(event.bodySize)"])
        ledger.settle(event.tag, .reject)
    }

    /// Passes on all received deliveries with one wake-up.
    private func handOver() {
        if arrived.isEmpty { return }
        buffer.deliver(arrived, mostBytes: budget.highest)
        arrived = []
        handedOverAt = .now
    }

    /// Passes on received deliveries: immediately if they are the first for a while or many, otherwise a moment later.
    private func moderate() {
        if arrived.isEmpty { return }
        if let handedOverAt, arrived.count < max(1, window.size / 8), buffer.isTaking,
            .now - handedOverAt < Self.moderation
        {
            return
        }
        handOver()
    }

    // MARK: Out

    func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> NextStep {
        if let fault { throw fault }
        moderate()
        let (settled, waiting) = buffer.takeSettled()
        for (number, settlement) in settled {
            ledger.settle(number, settlement)
            budget.release(number)
            if settlement == .acknowledge { window.acknowledge() }
        }
        flushes += waiting
        if !isCancelSent { try steer(channel) }
        gather(isUrgent: isStopping || !flushes.isEmpty)
        guard try tell(channel) else {
            return .wait(arrived.isEmpty ? .seconds(1) : Self.moderation, toWrite: true)
        }
        if change == .waitingForRoom, budget.hasRoom(for: window.size) { try consume(channel) }
        if ledger.pending == 0 { endFlushes() }
        if ledger.pending == 0, isStopping { return .finished }
        // While settlements are gathered, the thread wakes up by itself soon and need not be woken for each.
        let more = ledger.pending < enough ? enough - ledger.pending : enough
        let isEnough = buffer.wake(at: ledger.pending > 0 ? more : 1)
        if isEnough { return .wait(.zero, toWrite: false) }
        if !arrived.isEmpty { return .wait(Self.moderation, toWrite: false) }
        return ledger.pending > 0 ? .wait(Self.gathering, toWrite: false) : .idle
    }

    /// The number of settlements that are sent without waiting for more: the rest of the prefetch window keeps
    /// deliveries flowing.
    private var enough: Int { max(1, window.size / 4) }

    /// Cancels the consumer on a stop, or to replace it by one with another prefetch.
    private func steer(_ channel: Channel) throws(BrokerError) {
        let isTaking = buffer.isTaking
        switch change {
        case .none where !isTaking:
            if case .written = try channel.cancel(consumerTag) { isCancelSent = true }
        case .none where !returning.isEmpty || (window.isDue && budget.allowsMore):
            if case .written = try channel.cancel(consumerTag) { change = .cancelling }
        case .none where window.isDue:
            window.stay()
            budget.measure()
        case .cancelled where !isTaking, .waitingForRoom where !isTaking:
            giveBack()
            change = .none
            isCancelSent = true
            handOver()
            buffer.end()
        case .cancelled where returning.isEmpty:
            window.widen()
            try consume(channel)
        case .cancelled:
            giveBack()
            change = .waitingForRoom
        case .none, .cancelling, .waitingForRoom: break
        }
    }

    /// Returns the deliveries that did not fit into the budget to the queue. The consumer was cancelled, so that none
    /// of them can arrive again before all are returned: they keep their order.
    private func giveBack() {
        if returning.isEmpty { return }
        window.narrow(to: budget.fitting, unhandled: budget.count + returning.count)
        logger.notice(
            "deliveries exceed the byte budget; returned to the queue",
            metadata: [
                "queue": "\(topology.queue)", "returned": "\(returning.count)", "bytes": "\(budget.held)",
                "prefetch": "\(window.size)",
            ])
        for tag in returning { ledger.settle(tag, .release) }
        returning = []
        gather(isUrgent: true)
    }

    /// Turns settlements into commands if there are enough of them, or if the oldest has waited long enough.
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

    /// Writes the commands.
    ///
    /// - Returns: Whether all of them could be written.
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
        return true
    }

    // MARK: Ends

    func disconnected(_ error: BrokerError) {
        arrived = []
        returning = []
        endFlushes()
        buffer.disconnected()
    }

    private func endFlushes() {
        for flush in flushes { flush.resume() }
        flushes = []
    }

    func stopped() {
        endFlushes()
        buffer.disconnected()
        buffer.end()
    }
}

/// The prefetch of a consumer: small on a new connection, doubled each time as many deliveries were acknowledged, up to
/// a limit, and reduced when deliveries exceed the ``DeliveryBudget``.
///
/// When a process crashes, all its deliveries are returned, including those behind the message that crashed it and
/// those that no handler has received yet; and a message that is returned too often is dead-lettered. A window that
/// grows with acknowledgements bounds that: however often the process crashes, a message is redelivered unhandled about
/// three times.
struct PrefetchWindow {
    /// The current prefetch.
    private(set) var size: Int
    private let most: Int
    private var acknowledged = 0

    /// - Parameters:
    ///   - first: The initial prefetch, from 1.
    ///   - most: The maximum prefetch, from 1.
    init(first: Int, most: Int) {
        self.most = max(1, most)
        size = min(max(1, first), self.most)
    }

    /// Whether enough was acknowledged to call ``widen()``.
    var isDue: Bool { size < most && acknowledged >= size }

    /// A delivery was acknowledged.
    mutating func acknowledge() { acknowledged += 1 }

    mutating func widen() {
        size = min(size * 2, most)
        acknowledged = 0
    }

    /// Keeps the size until as many deliveries as now were acknowledged again.
    mutating func stay() { acknowledged = 0 }

    /// Deliveries did not fit into memory.
    ///
    /// - Parameters:
    ///   - fitting: The new size, from 1, if it is smaller.
    ///   - unhandled: How many deliveries are held or were returned to the queue. The window does not grow before as
    ///     many were acknowledged: deliveries that are returned twice lose their position in the queue.
    mutating func narrow(to fitting: Int, unhandled: Int) {
        size = max(1, min(size, fitting))
        acknowledged = -unhandled
    }
}
