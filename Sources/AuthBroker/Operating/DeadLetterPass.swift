// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ

/// One pass over a queue of dead letters, on the thread of its connections: one that takes, and one that
/// publishes copies, which an alarm may block.
final class DeadLetterPass {
    /// How many letters are asked for before the first of them has come.
    private static let asking = 64
    /// Bytes of copies that may lie here, beside the last letters that were asked for.
    private static let most = 8 << 20

    /// How many letters are given back in one command.
    private static let returning = 32

    private let topology: ConsumerTopology
    private let configuration: BrokerConfiguration
    private let isInterrupted: () -> Bool
    private let progress: (DeadLetterBox.Tally) -> Void
    private let decide: (DeadLetter) -> DeadLetterBox.Verdict
    private let queue: String

    private var tally = DeadLetterBox.Tally()
    /// Letters that were asked for and have not come.
    private var asked = 0
    private var isAtEnd = false
    private var copies: ArraySlice<(tag: UInt64, message: SignalMessage)> = []
    private var copiedBytes = 0
    private var ledger = ConfirmLedger<(tag: UInt64, message: SignalMessage)>()
    private var done: ArraySlice<UInt64> = []
    private var left = 0
    private var lastLeft: UInt64?
    /// The tag of every 32nd letter that stays.
    private var bounds: [UInt64] = []
    private var toldAt = ContinuousClock.now

    init(
        _ topology: ConsumerTopology, _ configuration: BrokerConfiguration,
        isInterrupted: @escaping () -> Bool, progress: @escaping (DeadLetterBox.Tally) -> Void,
        decide: @escaping (DeadLetter) -> DeadLetterBox.Verdict
    ) {
        self.topology = topology
        self.configuration = configuration
        self.isInterrupted = isInterrupted
        self.progress = progress
        self.decide = decide
        queue = topology.name(of: .dead)
    }

    /// - Parameter taking: an open channel that nobody else uses.
    func run(_ taking: Channel) throws(BrokerError) -> DeadLetterBox.Tally {
        tally.present = try taking.declareQueue(queue, isPassive: true)
        let moving = Publishing(configuration)
        defer { moving.close() }
        while !isFinished {
            if isInterrupted() {
                tally.isInterrupted = tally.isInterrupted || !isAtEnd
                isAtEnd = true
            }
            try ask(taking)
            try publish(moving)
            try acknowledge(taking)
            try wait(taking, moving)
            tell(isLast: false)
        }
        try giveBack(taking)
        tell(isLast: true)
        return tally
    }

    private var isFinished: Bool {
        (isAtEnd || tally.seen == tally.present) && asked == 0 && copies.isEmpty && ledger.outstanding == 0
            && done.isEmpty
    }

    // MARK: Out

    private func ask(_ taking: Channel) throws(BrokerError) {
        while !isAtEnd, asked < Self.asking, tally.seen + asked < tally.present,
            copies.count + ledger.outstanding < configuration.window, copiedBytes < Self.most
        {
            guard case .written = try taking.get(queue) else { return }
            asked += 1
        }
    }

    private func publish(_ moving: Publishing) throws(BrokerError) {
        while let next = copies.first, ledger.outstanding < configuration.window {
            switch try moving.channel().publish(next.message, exchange: topology.exchange, routingKey: "main")
            {
            case .written(let tag): ledger.published(next, as: tag, at: .now)
            // It breaks AMQP's limits, and yet a broker has let it in.
            case .never(let why): settle(next, .refused(why))
            case .notNow: return
            }
            copies.removeFirst()
        }
        if copies.isEmpty { copies = [] }
    }

    private func acknowledge(_ taking: Channel) throws(BrokerError) {
        while let tag = done.first, case .written = try taking.acknowledge(tag, multiple: false) {
            done.removeFirst()
        }
        if done.isEmpty { done = [] }
    }

    // MARK: In

    private func wait(_ taking: Channel, _ moving: Publishing) throws(BrokerError) {
        let pause = Duration.milliseconds(50)
        let isTaking = asked > 0 || !done.isEmpty
        try taking.step(
            waitingFor: isTaking ? pause : .zero, wantsToWrite: !done.isEmpty, Receiver(letter))
        guard let channel = moving.opened else { return }
        try channel.step(
            waitingFor: isTaking ? .zero : pause, wantsToWrite: !copies.isEmpty, Receiver(answer))
        if let oldest = ledger.oldest, !tally.isBlocked, .now - oldest > configuration.confirmTimeout {
            throw BrokerError(
                .unconfirmed,
                "the broker left a copy unconfirmed for \(configuration.confirmTimeout); run it again")
        }
    }

    private func letter(_ event: CRMQEvent) {
        switch event.kind {
        case .getEmpty:
            asked -= 1
            isAtEnd = true
        case .delivered:
            asked -= 1
            tally.seen += 1
            let letter = DeadLetter(
                message: Delivery(event, epoch: 1).message, bodySize: Int(clamping: event.bodySize))
            // What was asked for before a stop still comes; it is not looked at.
            switch isAtEnd ? .leave : decide(letter) {
            case .leave: leave(event.tag)
            case .stop:
                leave(event.tag)
                isAtEnd = true
            case .drop:
                tally.dropped += 1
                done.append(event.tag)
            case .requeue where !letter.isWhole:
                leave(event.tag)
                tally.refused += 1
            case .requeue:
                copies.append((event.tag, letter.requeued))
                copiedBytes += letter.bodySize
            }
        default: break
        }
    }

    private func answer(_ event: CRMQEvent) {
        switch event.kind {
        case .confirmed: for one in ledger.confirmed(event.tag, multiple: event.multiple) { settle(one) }
        case .nacked: for one in ledger.nacked(event.tag, multiple: event.multiple) { settle(one) }
        case .returned:
            // Every copy goes to one key, so that the id tells them apart; of equal ids the first is meant.
            let id = String(event.properties.messageID)
            ledger.returned(code: Int(event.code), text: String(event.text)) { $0.message.messageID == id }
        case .blocked: tally.isBlocked = true
        case .unblocked: tally.isBlocked = false
        default: break
        }
    }

    private func settle(_ one: ConfirmLedger<(tag: UInt64, message: SignalMessage)>.Settled) {
        settle(one.item, one.outcome)
    }

    private func settle(_ letter: (tag: UInt64, message: SignalMessage), _ outcome: PublishOutcome) {
        copiedBytes -= letter.message.body.count
        if outcome == .confirmed {
            tally.requeued += 1
            done.append(letter.tag)
        } else {
            tally.refused += 1
            lastLeft = max(lastLeft ?? 0, letter.tag)
        }
    }

    // MARK: Ends

    /// Gives back what is left, and waits until the queue shows it again: who looks next is to find it.
    ///
    /// RabbitMQ puts back what it is given in one command in the order of an Erlang map, which is sorted up to
    /// 32 keys only; and it joins commands where more than 32 are on their way.
    private func giveBack(_ taking: Channel) throws(BrokerError) {
        guard let lastLeft else { return }
        if bounds.last != lastLeft { bounds.append(lastLeft) }
        let before = try taking.declareQueue(queue, isPassive: true)
        var given = 0
        var rest = bounds[...]
        while !rest.isEmpty {
            let commands = rest.prefix(1)
            rest = rest.dropFirst(commands.count)
            for tag in commands {
                while case .notNow = try taking.releaseAll(upTo: tag) {
                    try taking.step(waitingFor: .milliseconds(50), wantsToWrite: true, Receiver { _ in })
                }
            }
            given = rest.isEmpty ? tally.seen - tally.removed : given + commands.count * Self.returning
            let end = ContinuousClock.now + .seconds(2)
            while try taking.declareQueue(queue, isPassive: true) < before + given, ContinuousClock.now < end
            {
                try taking.step(waitingFor: .milliseconds(2), wantsToWrite: false, Receiver { _ in })
            }
        }
    }

    private func leave(_ tag: UInt64) {
        lastLeft = max(lastLeft ?? 0, tag)
        left += 1
        if left.isMultiple(of: Self.returning) { bounds.append(tag) }
    }

    private func tell(isLast: Bool) {
        guard isLast || ContinuousClock.now - toldAt > .milliseconds(500) else { return }
        toldAt = .now
        progress(tally)
    }

    private final class Receiver: EventReceiver {
        private let take: (CRMQEvent) -> Void
        init(_ take: @escaping (CRMQEvent) -> Void) { self.take = take }
        func receive(_ event: CRMQEvent) { take(event) }
    }

    /// The connection that copies are published on; opened for the first of them.
    private final class Publishing {
        private let configuration: BrokerConfiguration
        private(set) var opened: Channel?

        init(_ configuration: BrokerConfiguration) { self.configuration = configuration }

        func channel() throws(BrokerError) -> Channel {
            if let opened { return opened }
            let channel = Channel(try ConnectionHandle())
            try channel.openAny(configuration)
            opened = channel
            try channel.selectConfirms()
            return channel
        }

        func close() { opened?.close(within: .seconds(1)) }
    }
}
