// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation

@testable import AuthBroker

extension Channel {
    /// Consumes `count` messages from a queue and acknowledges them.
    func take(_ count: Int, from queue: String) throws(BrokerError) -> [SignalMessage] {
        try read(count, from: queue).deliveries.map(\.message)
    }

    /// Like `take`, but returns the delivery modes.
    func takeModes(_ count: Int, from queue: String) throws(BrokerError) -> [UInt8] {
        try read(count, from: queue).modes
    }

    private func read(_ count: Int, from queue: String) throws(BrokerError) -> Reader {
        let reader = Reader()
        if count == 0 { return reader }
        try consume(queue, as: "reader", prefetch: count)
        let end = ContinuousClock.now + .seconds(10)
        while reader.deliveries.count < count, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
        }
        if let last = reader.deliveries.last { _ = try acknowledge(last.tag.number, multiple: true) }
        return reader
    }

    /// Publishes one message and waits for its outcome; the channel must be in confirm mode.
    func publishAndWait(
        _ message: SignalMessage, exchange: String = "", within bound: Duration = .seconds(10)
    ) throws(BrokerError) -> String {
        let reader = Reader()
        let end = ContinuousClock.now + bound
        while true {
            switch try publish(message, exchange: exchange, routingKey: message.routingKey) {
            case .never(let why): return "never: \(why)"
            case .notNow: try step(waitingFor: .milliseconds(100), wantsToWrite: true, reader)
            case .written(let tag):
                while reader.answers[tag] == nil, ContinuousClock.now < end {
                    try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
                }
                return reader.answers[tag] ?? "nothing"
            }
        }
    }

    /// Publishes all messages, then waits for the confirms; returns the number of confirmed ones.
    func publishAll(
        _ messages: [SignalMessage], exchange: String, within bound: Duration = .seconds(30)
    ) throws(BrokerError) -> Int {
        let reader = Reader()
        let end = ContinuousClock.now + bound
        for message in messages {
            while try publish(message, exchange: exchange, routingKey: message.routingKey) == .notNow {
                try step(waitingFor: .milliseconds(100), wantsToWrite: true, reader)
            }
        }
        while reader.confirmed < messages.count, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
        }
        return reader.confirmed
    }

    /// The tags of a channel that were confirmed.
    private struct Answers {
        private var last: UInt64 = 0
        private var single: Set<UInt64> = []
        var answered: Int { Int(last) + single.count }

        mutating func answer(_ tag: UInt64, multiple: Bool) {
            if multiple { last = max(last, tag) } else if tag > last { single.insert(tag) }
            while single.remove(last + 1) != nil { last += 1 }
            single = single.filter { $0 > last }
        }
    }

    private final class Reader: ConnectionDriver {
        var deliveries: [Delivery] = []
        var modes: [UInt8] = []
        var answers: [UInt64: String] = [:]
        /// The number of confirmed messages, on a channel without nacks.
        var confirmed: Int { ledger.answered }
        private var ledger = Answers()
        private var isReturned = false
        private var texts = StringCache()

        func receive(_ event: CRMQEvent) {
            switch event.kind {
            case .delivered:
                deliveries.append(Delivery(event, epoch: 1, &texts))
                modes.append(event.properties.deliveryMode)
            case .returned: isReturned = true
            case .confirmed:
                answers[event.tag] = isReturned ? "returned" : "confirmed"
                ledger.answer(event.tag, multiple: event.multiple)
            case .nacked: answers[event.tag] = "nacked"
            default: break
            }
        }

        func prepare(_ attempt: ConnectionAttempt) throws(BrokerError) {}
        func connected() {}
        func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> NextStep { .idle }
        func disconnected(_ error: BrokerError) {}
        func stopped() {}
    }
}
