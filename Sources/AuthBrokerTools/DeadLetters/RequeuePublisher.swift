// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import CRabbitMQ
import DequeModule

/// Publishes the copies of requeued dead letters to the consumer's queue, on a separate connection because an alarm may
/// block it; it is opened for the first copy.
final class RequeuePublisher {
    private typealias Copy = (tag: UInt64, message: SignalMessage)

    /// The approximate size of a copy without its body, in bytes.
    private static let overhead = 1024

    private let exchange: String
    private let settings: BrokerSettings
    private var channel: Channel?
    private var waiting: Deque<Copy> = []
    private var ledger = ConfirmLedger<Copy>()
    /// A protocol violation by the broker.
    private var fault: BrokerError?

    /// The size of all copies without an outcome, in bytes.
    private(set) var bytes = 0
    /// Whether the broker currently accepts no messages.
    private(set) var isBlocked = false
    /// The outcomes since the last ``takeSettled()``: the dead letter's tag, and whether its copy was confirmed.
    private var settled: [(tag: UInt64, isStored: Bool)] = []

    init(to exchange: String, _ settings: BrokerSettings) {
        self.exchange = exchange
        self.settings = settings
    }

    var isEmpty: Bool { waiting.isEmpty && ledger.outstanding == 0 && settled.isEmpty }

    func add(_ message: SignalMessage, of tag: UInt64) {
        waiting.append((tag, message))
        bytes += message.body.count + Self.overhead
    }

    func takeSettled() -> [(tag: UInt64, isStored: Bool)] {
        defer { settled.removeAll(keepingCapacity: true) }
        return settled
    }

    /// Publishes what can be published now, and waits for confirms for at most the given time.
    func step(waitingFor bound: Duration) throws(BrokerError) {
        if waiting.isEmpty, channel == nil { return }
        let channel = try opened()
        try publish(channel)
        try channel.step(waitingFor: bound, wantsToWrite: !waiting.isEmpty, Receiver(receive))
        if let fault { throw fault }
        if let oldest = ledger.oldest, !isBlocked, .now - oldest > settings.confirmTimeout {
            throw BrokerError(
                .unconfirmed,
                "no confirm for a copy within \(settings.confirmTimeout); run the command again")
        }
    }

    func close() { channel?.close(within: .seconds(1)) }

    private func opened() throws(BrokerError) -> Channel {
        if let channel { return channel }
        let channel = Channel(try ConnectionHandle())
        try channel.openFirstReachable(settings)
        self.channel = channel
        try channel.selectConfirms()
        return channel
    }

    private func publish(_ channel: Channel) throws(BrokerError) {
        while let next = waiting.first, ledger.outstanding < settings.window {
            switch try channel.publish(next.message, exchange: exchange, routingKey: "main") {
            case .written: ledger.published(next, at: .now)
            // The message exceeds AMQP's limits although it is in a queue: publish it trimmed.
            case .never where next.message.headers[SignalMessage.HeaderName.trimmed] == nil:
                waiting[0].message = next.message.trimmed()
                continue
            case .never: settle(next, isStored: false)
            case .notNow: return
            }
            waiting.removeFirst()
        }
    }

    private func receive(_ event: CRMQEvent) {
        if fault != nil { return }
        do throws(BrokerError) { try answer(event) } catch { fault = error }
    }

    private func answer(_ event: CRMQEvent) throws(BrokerError) {
        switch event.kind {
        case .confirmed:
            for one in try ledger.confirmed(event.tag, multiple: event.multiple) {
                settle(one.item, isStored: one.outcome == .confirmed)
            }
        case .nacked:
            for one in try ledger.nacked(event.tag, multiple: event.multiple) {
                settle(one.item, isStored: false)
            }
        case .returned:
            // All copies have the same routing key, so they are matched by id; with equal ids the first one is meant.
            let id = String(event.properties.messageID)
            let code = Int(event.code)
            let isOurs = ledger.returned(code: code, text: String(event.text)) {
                $0.message.messageID == id
            }
            if !isOurs { throw .foreignReturn }
        case .blocked: isBlocked = true
        case .unblocked: isBlocked = false
        default: break
        }
    }

    private func settle(_ copy: Copy, isStored: Bool) {
        bytes -= copy.message.body.count + Self.overhead
        settled.append((copy.tag, isStored))
    }

    private final class Receiver: EventReceiver {
        private let take: (CRMQEvent) -> Void
        init(_ take: @escaping (CRMQEvent) -> Void) { self.take = take }
        func receive(_ event: CRMQEvent) { take(event) }
    }
}
