// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import DequeModule

/// Publishes submitted batches with publisher confirms, with at most ``BrokerSettings/window`` messages in flight.
final class PublishingDriver: ConnectionDriver {
    /// One message of a batch.
    private struct Ticket {
        let batch: PublishBatch
        let index: Int
        var message: SignalMessage { batch.messages[index] }
    }

    private let exchange: String
    private let declaresExchange: Bool
    private let settings: BrokerSettings
    private let queue: PublishQueue
    private let upkeep: (any ConnectionUpkeep)?
    private let setBlocked: (String?) -> Void

    private var ledger = ConfirmLedger<Ticket>()
    /// Batches that are not completely published, from message `next` of the first one on.
    private var batches: Deque<PublishBatch> = []
    private var next = 0
    private var isBlocked = false
    /// The earliest start of the confirm timeout: during an alarm nothing is confirmed.
    private var since = ContinuousClock.now
    /// When the broker began to nack everything. The cause may be a full queue, or a channel of RabbitMQ 3.10 that was
    /// opened while a quorum queue had no leader: such a channel nacks for as long as it is open.
    private var refusedSince: ContinuousClock.Instant?
    /// Whether a message was nacked since the last ``work(_:isStopping:)``.
    private var wasRefused = false
    /// Whether a message was confirmed on this connection. It resets the backoff, so that a message for which the
    /// broker closes the channel does not slow down the others.
    private(set) var hasProgressed = false
    /// A protocol violation by the broker.
    private var fault: BrokerError?
    /// When the next upkeep is due.
    private var upkeepAt = ContinuousClock.now

    init(
        exchange: String, declaresExchange: Bool, settings: BrokerSettings, queue: PublishQueue,
        upkeep: (any ConnectionUpkeep)? = nil, setBlocked: @escaping (String?) -> Void
    ) {
        self.upkeep = upkeep
        self.exchange = exchange
        self.declaresExchange = declaresExchange
        self.settings = settings
        self.queue = queue
        self.setBlocked = setBlocked
    }

    func prepare(_ attempt: ConnectionAttempt) throws(BrokerError) {
        fault = nil
        var channel = try attempt.open()
        if declaresExchange { try channel.declareExchange(exchange, type: "topic") }
        if let upkeep {
            do throws(BrokerError) {
                try upkeep.opened(channel)
            } catch {
                // The refusal has closed this channel, but must not prevent publishing: open another.
                upkeep.failed(error)
                channel = try attempt.open()
            }
            upkeepAt = .now + upkeep.interval
        }
        try channel.selectConfirms()
    }

    func connected() {
        isBlocked = false
        since = .now
        refusedSince = nil
        hasProgressed = false
        queue.open()
    }

    // MARK: In

    func receive(_ event: CRMQEvent) {
        // After a fault the broker's confirms on this connection cannot be trusted.
        if fault != nil { return }
        do throws(BrokerError) { try take(event) } catch { fault = error }
    }

    private func take(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .confirmed:
            refusedSince = nil
            hasProgressed = true
            settle(try ledger.confirmed(event.tag, multiple: event.multiple))
        case .nacked:
            if refusedSince == nil { refusedSince = .now }
            wasRefused = true
            settle(try ledger.nacked(event.tag, multiple: event.multiple))
        case .returned: try returned(event)
        case .blocked:
            isBlocked = true
            queue.block()
            setBlocked(String(event.text))
        case .unblocked:
            isBlocked = false
            since = .now
            setBlocked(nil)
            queue.open()
        default: break
        }
    }

    private func returned(_ event: CRMQEvent) throws(BrokerError) {
        let key = String(event.routingKey)
        let id = String(event.properties.messageID)
        let isOurs = ledger.returned(code: Int(event.code), text: String(event.text)) {
            $0.message.messageID == id && $0.message.routingKey == key
        }
        // Otherwise the returned message's confirm would count as success.
        if !isOurs { throw .foreignReturn }
    }

    private func settle(_ settled: [ConfirmLedger<Ticket>.Settled]) {
        for one in settled { one.item.batch.settle(one.item.index, one.outcome) }
    }

    // MARK: Out

    func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> NextStep {
        if let fault { throw fault }
        batches.append(contentsOf: queue.take())
        let now = ContinuousClock.now
        var hasRoom = true
        while hasRoom, ledger.outstanding < settings.window, ledger.span < settings.window * 4,
            let ticket = upcoming()
        {
            let message = ticket.message
            switch try channel.publish(message, exchange: exchange, routingKey: message.routingKey) {
            case .written:
                ledger.published(ticket, at: now)
                next += 1
            case .never(let why):
                ticket.batch.settle(ticket.index, .refused(why))
                next += 1
            case .notNow:
                hasRoom = false
            }
        }
        if isStopping, batches.isEmpty, ledger.outstanding == 0 { return .finished }
        try keepUp(channel, isStopping: isStopping)
        return try nextStep(at: now, isFull: !hasRoom)
    }

    /// Runs the upkeep if it is due and no message is in flight: its calls block until the broker's reply, and no other
    /// frames may arrive meanwhile.
    private func keepUp(_ channel: Channel, isStopping: Bool) throws(BrokerError) {
        guard let upkeep, !isStopping, !isBlocked else { return }
        if queue.takeUpkeepRequest() { upkeepAt = .now }
        guard batches.isEmpty, ledger.outstanding == 0, upkeepAt <= .now else { return }
        upkeepAt = .now + upkeep.interval
        do throws(BrokerError) { try upkeep.perform(channel) } catch {
            upkeep.failed(error)
            throw error
        }
    }

    /// The next message to publish.
    private func upcoming() -> Ticket? {
        while let batch = batches.first {
            if next < batch.messages.count { return Ticket(batch: batch, index: next) }
            batches.removeFirst()
            next = 0
        }
        return nil
    }

    private func nextStep(at now: ContinuousClock.Instant, isFull: Bool) throws(BrokerError) -> NextStep {
        if wasRefused, let refusedSince, now - refusedSince > settings.confirmTimeout {
            throw BrokerError(
                .unconfirmed,
                "the broker has nacked everything for \(settings.confirmTimeout); reconnecting"
            )
        }
        wasRefused = false
        guard let oldest = ledger.oldest, !isBlocked else {
            guard upkeep != nil, !isBlocked, batches.isEmpty else { return .idle }
            return .wait(max(.zero, now.duration(to: upkeepAt)), toWrite: false)
        }
        let left = now.duration(to: max(oldest, since) + settings.confirmTimeout)
        guard left > .zero else {
            throw BrokerError(
                .unconfirmed,
                "no confirm for a message within \(settings.confirmTimeout); reconnecting"
            )
        }
        return .wait(left, toWrite: isFull)
    }

    // MARK: Ends

    func disconnected(_ error: BrokerError) {
        queue.shut(error.description)
        settle(ledger.closed(error.outcomeOfOutstanding))
        forget(error.description)
    }

    func stopped() {
        queue.closeForGood()
        forget("the publisher was stopped")
    }

    /// The outcome of all unconfirmed and unpublished messages is unknown.
    private func forget(_ reason: String) {
        settle(ledger.closed(reason))
        for batch in batches.dropFirst() { batch.settleRest(.unknown(reason)) }
        if let first = batches.first {
            for index in next..<first.messages.count { first.settle(index, .unknown(reason)) }
        }
        batches = []
        next = 0
    }
}

extension BrokerError {
    /// The broker returned a message that is not among the unconfirmed ones.
    package static var foreignReturn: BrokerError {
        BrokerError(.protocolError, "the broker returned a message that was not published on this connection")
    }

    /// The outcome of the messages that were unconfirmed when this error ended the connection.
    ///
    /// A close because of the connection (320) or of the exchange (404; a new connection declares it again) was not
    /// caused by a message.
    fileprivate var outcomeOfOutstanding: PublishOutcome {
        guard let replyCode, replyCode != 320, replyCode != 404 else { return .unknown(description) }
        return .closed(code: replyCode, text: message)
    }
}
