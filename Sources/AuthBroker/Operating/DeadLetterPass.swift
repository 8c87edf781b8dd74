// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ

/// One pass over a queue of dead letters, on the thread of its connections: one that takes, and one that
/// publishes copies.
final class DeadLetterPass: EventReceiver {
    /// What is done next on the connection that takes.
    private enum Phase: Equatable {
        /// One letter is asked for by itself: the queue says how many others there are, or that there is none.
        case asking
        case asked
        /// Letters come with a page.
        case opening
        case reading
        /// The page's consumer is being cancelled; what was sent before still comes.
        case leaving(next: After)
        case over

        enum After { case asking, opening, over }
    }

    /// Bytes of copies that may lie here, beside the letters of one step.
    private static let most = 8 << 20
    /// How many letters stay on one connection where others go: the broker looks for each that goes among them.
    private static let crowd = 2048
    /// After such a silence the queue is asked whether there is anything left: others may have taken it.
    private static let silence = Duration.seconds(1)

    private let configuration: BrokerConfiguration
    private let isInterrupted: () -> Bool
    private let progress: (DeadLetterBox.Tally) -> Void
    private let decide: (DeadLetter) -> DeadLetterBox.Verdict
    private let queue: String

    private var tally = DeadLetterBox.Tally()
    private var phase = Phase.asking
    private var isCounted = false
    private var isAtEnd = false
    private var pages = 0
    private var page: LetterPage?
    private var lastTag: UInt64 = 0
    private var acknowledged = 0
    private var seenBytes = 0
    private var texts = RepeatedTexts()
    private let copies: LetterCopies
    private var holders: LetterHolders
    private var staying = 0
    /// Whether the letter stays that was asked for by itself, the first of the first connection.
    private var firstStays = false
    /// Whether a letter was removed that others lie before.
    private var isMixed = false
    private var ledger = SettlementLedger()
    private var commands: ArraySlice<SettlementLedger.Command> = []
    private var heardAt = ContinuousClock.now
    private var steppedAt = ContinuousClock.now
    private var toldAt = ContinuousClock.now
    private var fault: BrokerError?

    init(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration,
        isInterrupted: @escaping () -> Bool, progress: @escaping (DeadLetterBox.Tally) -> Void,
        decide: @escaping (DeadLetter) -> DeadLetterBox.Verdict
    ) {
        self.configuration = configuration
        self.isInterrupted = isInterrupted
        self.progress = progress
        self.decide = decide
        queue = topology.name(of: .dead)
        copies = LetterCopies(to: topology.exchange, configuration)
        holders = LetterHolders(heartbeat: configuration.heartbeat)
    }

    /// - Parameter first: an open channel that nobody else uses; it is closed afterwards, for that gives back what
    ///   is left.
    /// - Returns: also how many letters are on their way back into the queue.
    func run(_ first: Channel) throws(BrokerError) -> (DeadLetterBox.Tally, held: Int) {
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

    /// Whether no letter is wanted any more.
    private var isDone: Bool { isAtEnd || isCounted && tally.seen == tally.present }

    private var isFinished: Bool {
        phase == .over && copies.isEmpty && ledger.pending == 0 && commands.isEmpty
    }

    // MARK: Connections

    /// Whether the next page is better read on a connection of its own, and this one has nothing else to do.
    private var isCrowded: Bool {
        isMixed && staying >= Self.crowd && !isDone && copies.isEmpty && ledger.pending == 0
            && commands.isEmpty
    }

    private var held: Int { Int(lastTag) - acknowledged }

    private func next(after taking: Channel) throws(BrokerError) -> Channel {
        let next = Channel(try ConnectionHandle())
        try next.openAny(configuration, receivesOnly: true)
        holders.add(taking, holding: held)
        (ledger, lastTag, acknowledged, staying, isMixed) = (SettlementLedger(), 0, 0, 0, false)
        return next
    }

    /// RabbitMQ 4 gives back what consumers held before what was asked for: that goes ahead of them.
    private func giveBackFirst(to channel: Channel) throws(BrokerError) {
        while case .notNow = try channel.release(1, requeue: true) {
            try channel.step(waitingFor: .milliseconds(50), wantsToWrite: true, Nobody())
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
            // First everything is settled that is in hand.
            if isMixed, staying >= Self.crowd { return }
            let mean = seenBytes / max(1, tally.seen)
            let next = LetterPage(number: pages, from: lastTag + 1, meanBytes: mean)
            pages += 1
            page = next
            // It waits for the answer, and nothing else is on its way then.
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

    private func next(after page: LetterPage) -> Phase.After? {
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
            commands += ledger.commands(isWhole: true)
            page?.told()
        }
        while case .acknowledge(let tag, let multiple) = commands.first,
            case .written = try taking.acknowledge(tag, multiple: multiple)
        {
            commands.removeFirst()
        }
        if commands.isEmpty { commands = [] }
    }

    /// Whether nothing is acknowledged now: that makes room for more, of which a page that is closing wants none.
    private var isHolding: Bool { phase == .reading && page?.isClosing == true && !isDone }

    private func remove(_ tag: UInt64) {
        ledger.settle(tag, .acknowledge)
        acknowledged += 1
        if staying > 0 { isMixed = true }
        page?.settled(tag)
    }

    // MARK: In

    private func wait(_ taking: Channel) throws(BrokerError) {
        // While too much is in hand the connection is left alone, but for its heartbeat: the broker waits.
        let isPaused = copies.bytes > Self.most && .now - steppedAt < configuration.heartbeat / 4
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
        // After a fault nothing more is taken: the connection goes, and the queue has everything again.
        if fault != nil { return }
        do throws(BrokerError) { try take(event) } catch { fault = error }
    }

    private func take(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .getEmpty:
            guard phase == .asked else {
                throw BrokerError(.protocolError, "the broker answered a question that was not asked")
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
        // What has come into the queue since the pass began, or after an interruption, is not looked at.
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
