// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation

@testable import AuthBroker

/// The tap queue, which is only read at the end, and the dead letters.
extension TrialWorld {
    func declareTap() async throws {
        let (tap, exchange) = (tap, try settings.exchange)
        try await admin.perform { channel throws(BrokerError) in
            let arguments: [String: SignalMessage.HeaderValue] = [
                "x-queue-type": .string("quorum"), "x-delivery-limit": .integer(1_000_000),
            ]
            try channel.declareQueue(tap, arguments)
            try channel.bind(tap, to: exchange, key: "#")
        }
    }

    func deleteTap() async throws {
        let (tap, exchange) = (tap, try settings.exchange)
        try await admin.perform { channel throws(BrokerError) in
            try channel.deleteQueue(tap)
            try channel.deleteExchange(exchange)
        }
    }

    /// Takes all messages from the tap queue.
    ///
    /// - Returns: the ids in the queue's order.
    func emptyTap() async throws -> [UUID] {
        try await empty(tap).compactMap { UUID(uuidString: $0.messageID) }
    }

    /// Takes all of the worker's dead letters.
    func emptyDeadLetters() async throws -> [SignalMessage] { try await empty(topology.name(of: .dead)) }

    private func empty(_ queue: String) async throws -> [SignalMessage] {
        var messages: [SignalMessage] = []
        while true {
            let taken = try await admin.perform { channel throws(BrokerError) in try channel.take(from: queue)
            }
            if taken.isEmpty { return messages }
            messages += taken
        }
    }
}

extension Channel {
    /// Takes messages from a queue: at least one if it is not empty. This uses `basic.get`, because a passive
    /// declaration returns a count of 0, too, if the queue's leader does not answer in time.
    fileprivate func take(from queue: String) throws(BrokerError) -> [SignalMessage] {
        let reader = Reader()
        guard case .written = try get(queue) else { return try take(from: queue) }
        while reader.deliveries.isEmpty {
            try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
            if reader.isEmpty { return [] }
        }
        let count = min(reader.remaining, 65_534)
        if count > 0 {
            try consume(queue, as: "reader", prefetch: count)
            let end = ContinuousClock.now + .seconds(60)
            while reader.deliveries.count <= count, ContinuousClock.now < end {
                try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
            }
        }
        if let last = reader.deliveries.last { _ = try acknowledge(last.tag.number, multiple: true) }
        return reader.deliveries.map(\.message)
    }

    private final class Reader: EventReceiver {
        var deliveries: [Delivery] = []
        /// The number of messages in the queue behind the first.
        var remaining = 0
        var isEmpty = false

        func receive(_ event: CRMQEvent) {
            switch event.kind {
            case .getEmpty: isEmpty = true
            case .delivered:
                if deliveries.isEmpty { remaining = Int(event.remaining) }
                deliveries.append(Delivery(event, epoch: 1))
            default: break
            }
        }
    }
}
