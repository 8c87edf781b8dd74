// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation

@testable import AuthBroker

/// The queue that nobody reads before the end, and the dead letters.
extension TrialWorld {
    func declareTap() async throws {
        let (tap, exchange) = (tap, try configuration.exchange)
        try await admin.perform { channel throws(BrokerError) in
            let arguments: [String: SignalMessage.HeaderValue] = [
                "x-queue-type": .string("quorum"), "x-delivery-limit": .integer(1_000_000),
            ]
            try channel.declareQueue(tap, arguments)
            try channel.bind(tap, to: exchange, key: "#")
        }
    }

    func deleteTap() async throws {
        let (tap, exchange) = (tap, try configuration.exchange)
        try await admin.perform { channel throws(BrokerError) in
            try channel.deleteQueue(tap)
            try channel.deleteExchange(exchange)
        }
    }

    /// Takes everything out of the queue.
    ///
    /// - Returns: the ids in the queue's order.
    func emptyTap() async throws -> [UUID] {
        try await empty(tap).compactMap { UUID(uuidString: $0.messageID) }
    }

    /// Takes everything out of the worker's dead letters.
    func emptyDeadLetters() async throws -> [SignalMessage] { try await empty(topology.name(of: .dead)) }

    private func empty(_ queue: String) async throws -> [SignalMessage] {
        var messages: [SignalMessage] = []
        while true {
            let count = try await admin.messageCount(in: queue)
            if count == 0 { return messages }
            messages += try await admin.perform { channel throws(BrokerError) in
                try channel.take(count, from: queue)
            }
        }
    }
}

extension Channel {
    /// Consumes that many messages of a queue and acknowledges them.
    fileprivate func take(_ count: Int, from queue: String) throws(BrokerError) -> [SignalMessage] {
        let reader = Reader()
        try consume(queue, as: "reader", prefetch: min(count, 65_535))
        let end = ContinuousClock.now + .seconds(60)
        while reader.deliveries.count < min(count, 65_535), ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(100), wantsToWrite: false, reader)
        }
        if let last = reader.deliveries.last { _ = try acknowledge(last.tag.number, multiple: true) }
        return reader.deliveries.map(\.message)
    }

    private final class Reader: ConnectionRole {
        var deliveries: [Delivery] = []
        func receive(_ event: CRMQEvent) {
            if event.kind == .delivered { deliveries.append(Delivery(event, epoch: 1)) }
        }
        func prepare(_ dial: Dial) throws(BrokerError) {}
        func connected() {}
        func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> Wish { .idle }
        func disconnected(_ error: BrokerError) {}
        func stopped() {}
    }
}
