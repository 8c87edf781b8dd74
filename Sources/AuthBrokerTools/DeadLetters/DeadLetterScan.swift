// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import CRabbitMQ
import DequeModule

/// One pass over a dead letter queue, on the thread of its two connections: one consumes, the other publishes copies.
final class DeadLetterScan: EventReceiver {
    /// The state of the consuming connection.
    private enum Phase: Equatable {
        /// To send `basic.get` for one message: the reply contains the number of remaining messages, or that the queue
        /// is empty.
        case asking
        case asked
        /// To start a page's consumer.
        case opening
        case reading
        /// The page's consumer is being cancelled; earlier deliveries may still arrive.
        case leaving(next: After)
        case over

        enum After { case asking, opening, over }
    }

    /// The maximum size of the buffered copies in bytes, not counting the messages of one step.
    private static let most = 8 << 20
    /// The maximum number of kept messages on a connection from which others are removed: the broker searches them for
    /// each acknowledged tag.
    private static let crowd = 2048
    /// After this time without deliveries, `basic.get` checks whether the queue is empty: another client may have
    /// consumed the rest.
    private static let silence = Duration.seconds(1)

    private let settings: BrokerSettings
    private let isInterrupted: () -> Bool
    private let progress: (DeadLetterQueue.Tally) -> Void
    private let decide: (DeadLetter) -> DeadLetterQueue.Verdict
    private let queue: String

    private var tally = DeadLetterQueue.Tally()
    private var phase = Phase.asking
    private var isCounted = false
    private var isAtEnd = false
    private var pages = 0
    private var page: DeadLetterWindow?
    private var lastTag: UInt64 = 0
    private var acknowledged = 0
    private var seenBytes = 0
    private var texts = StringCache()
    private let copies: RequeuePublisher
    private var holders: DeadLetterHolders
    private var staying = 0
    /// Whether the message of the first `basic.get`, which has the first connection's tag 1, stays in the queue.
    private var firstStays = false
    /// Whether a message was removed that has kept ones before it.
    private var isMixed = false
    private var ledger = SettlementLedger()
    private var commands: Deque<SettlementLedger.Command> = []
    private var heardAt = ContinuousClock.now
    private var steppedAt = ContinuousClock.now
    private var toldAt = ContinuousClock.now
    private var fault: BrokerError?

    init(
        _ topology: ConsumerTopology, _ settings: BrokerSettings,
        isInterrupted: @escaping () -> Bool, progress: @escaping (DeadLetterQueue.Tally) -> Void,
        decide: @escaping (DeadLetter) -> DeadLetterQueue.Verdict
    ) {
        self.settings = settings
        self.isInterrupted = isInterrupted
        self.progress = progress
        self.decide = decide
        queue = topology.name(of: .dead)
        copies = RequeuePublisher(to: topology.exchange, settings)
        holders = DeadLetterHolders(heartbeat: settings.heartbeat)
    }

    /// - Parameter first: An open channel for this pass alone; it is closed afterwards, which returns the messages that
    ///   it holds.
    /// - Returns: Also the number of messages that are being returned to the queue.
    func run(_ first: Channel) throws(BrokerError) -> (DeadLetterQueue.Tally, held: Int) {
        var taking = first
        defer {
            copies.close()
            holders.close()
            taking.close(within: .seconds(1))
        }
        while !isFinished {
            if isInterrupted(), phase != .over, !isDone {
                tally.isInterrupted = true
                isAtEnd = true
            }
            if phase == .opening, isCrowded { taking = try next(after: taking) }
            try advance(taking)
            try acknowledge(taking)
            try wait(taking)
            try holders.keep()
            tell(isLast: false)
        }
        tell(isLast: true)
        if firstStays { try giveBackFirst(to: first) }
        return (tally, try holders.giveBack(to: queue, watching: taking) + held)
    }

    /// Whether no more messages are to be inspected.
    private var isDone: Bool { isAtEnd || isCounted && tally.seen == tally.present }

    private var isFinished: Bool {
        phase == .over && copies.isEmpty && ledger.pending == 0 && commands.isEmpty
    }

    // MARK: Connections

    /// Whether to read the next page on a new connection, and nothing is in flight on this one.
    private var isCrowded: Bool {
        isMixed && staying >= Self.crowd && !isDone && copies.isEmpty && ledger.pending == 0
            && commands.isEmpty
    }

    private var held: Int { Int(lastTag) - acknowledged }

    private func next(after taking: Channel) throws(BrokerError) -> Channel {
        let next = Channel(try ConnectionHandle())
        try next.openFirstReachable(settings, receivesOnly: true)
        holders.add(taking, holding: held)
        (ledger, lastTag, acknowledged, staying, isMixed) = (SettlementLedger(), 0, 0, 0, false)
        return next
    }

    /// RabbitMQ 4 requeues consumers' messages before those of `basic.get`: to keep the order, the first message is
    /// returned before the channels are closed.
    private func giveBackFirst(to channel: Channel) throws(BrokerError) {
        while case .notNow = try channel.release(1, requeue: true) {
            try channel.step(waitingFor: .milliseconds(50), wantsToWrite: true, EventDiscarder())
        }
    }

    // MARK: Out

    private func advance(_ taking: Channel) throws(BrokerError) {
        switch phase {
        case .asking:
            if isDone { return phase = .over }
            guard case .written = try taking.get(queue) else { return }
            phase = .asked
        case .opening:
            if isDone { return phase = .over }
            // Wait until nothing is in flight, then continue on a new connection.
            if isMixed, staying >= Self.crowd { return }
            let mean = seenBytes / max(1, tally.seen)
            let next = DeadLetterWindow(number: pages, from: lastTag + 1, meanBytes: mean)
            pages += 1
            page = next
            // Blocks until the reply; nothing else arrives meanwhile.
            try taking.consume(queue, as: next.consumerTag, prefetch: next.size)
            heardAt = .now
            phase = .reading
        case .reading:
            guard let page, let next = next(after: page) else { return }
            guard case .written = try taking.cancel(page.consumerTag) else { return }
            phase = .leaving(next: next)
        case .asked, .leaving, .over: break
        }
    }

    private func next(after page: DeadLetterWindow) -> Phase.After? {
        if isDone { return .over }
        if page.isFull { return page.isClosing ? .opening : nil }
        return .now - heardAt > Self.silence ? .asking : nil
    }

    private func acknowledge(_ taking: Channel) throws(BrokerError) {
        for (tag, isStored) in copies.takeSettled() {
            if isStored {
                tally.requeued += 1
                remove(tag)
            } else {
                tally.refused += 1
                stays(tag)
            }
        }
        if isHolding { return }
        if ledger.pending > 0 {
            commands.append(contentsOf: ledger.commands(isWhole: true))
            page?.told()
        }
        while case .acknowledge(let tag, let multiple) = commands.first,
            case .written = try taking.acknowledge(tag, multiple: multiple)
        {
            commands.removeFirst()
        }
    }

    /// Whether acknowledgements are held back: each would let the broker deliver one more message to a page that is
    /// closing.
    private var isHolding: Bool { phase == .reading && page?.isClosing == true && !isDone }

    private func remove(_ tag: UInt64) {
        ledger.settle(tag, .acknowledge)
        acknowledged += 1
        if staying > 0 { isMixed = true }
        page?.settled(tag)
    }

    // MARK: In

    private func wait(_ taking: Channel) throws(BrokerError) {
        // With too many copies in flight the connection is only served for its heartbeat, so that the broker's
        // deliveries are held back.
        let isPaused = copies.bytes > Self.most && .now - steppedAt < settings.heartbeat / 4
        let mayGetMore = !isPaused && phase != .over && page?.isFull != true
        try copies.step(waitingFor: copies.isEmpty ? .zero : .milliseconds(mayGetMore ? 2 : 50))
        tally.isBlocked = copies.isBlocked
        if isPaused { return heardAt = .now }
        steppedAt = .now
        let isIdle = copies.isEmpty && (ledger.pending == 0 || isHolding)
        try taking.step(
            waitingFor: isIdle ? .milliseconds(50) : .zero, wantsToWrite: !commands.isEmpty, self)
        if let fault { throw fault }
    }

    func receive(_ event: CRMQEvent) {
        heardAt = .now
        // After a fault, further deliveries are ignored: the connection is closed, which requeues everything.
        if fault != nil { return }
        do throws(BrokerError) { try take(event) } catch { fault = error }
    }

    private func take(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .getEmpty:
            guard phase == .asked else {
                throw BrokerError(.protocolError, "the broker sent an unexpected basic.get-empty")
            }
            isCounted = true
            isAtEnd = true
            phase = .over
        case .delivered:
            try ledger.delivered(event.tag)
            lastTag = event.tag
            if phase == .asked {
                if !isCounted { tally.present = Int(event.remaining) + 1 }
                isCounted = true
                phase = .opening
            } else {
                page?.delivered()
            }
            look(event)
        case .cancelDone:
            guard case .leaving(let next) = phase else { return }
            page = nil
            switch next {
            case .asking: phase = .asking
            case .opening: phase = .opening
            case .over: phase = .over
            }
        case .consumerCancelled:
            throw BrokerError(.notFound, "the queue \(queue) was deleted", replyCode: 404)
        default: break
        }
    }

    private func look(_ event: CRMQEvent) {
        // Messages that were added since the pass began, or that arrive after an interruption, are not inspected.
        if isDone {
            stays(event.tag)
            return
        }
        let letter = DeadLetter(
            message: Delivery(event, epoch: 1, &texts).message, bodySize: Int(clamping: event.bodySize))
        tally.seen += 1
        seenBytes += letter.bodySize
        switch decide(letter) {
        case .leave: stays(event.tag)
        case .drop:
            tally.dropped += 1
            remove(event.tag)
        case .requeue where !letter.isWhole:
            stays(event.tag)
            tally.refused += 1
        case .requeue: copies.add(letter.requeued, of: event.tag)
        }
    }

    private func stays(_ tag: UInt64) {
        staying += 1
        if tag == 1, holders.isEmpty { firstStays = true }
        page?.stays(tag)
    }

    private func tell(isLast: Bool) {
        guard isLast || ContinuousClock.now - toldAt > .milliseconds(500) else { return }
        toldAt = .now
        progress(tally)
    }
}
