// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import CRabbitMQ
import Foundation

/// Detects over plain AMQP whether a policy limits the deliveries of a consumer's dead letters.
///
/// AMQP does not show policies, and RabbitMQ applies the smaller of a policy's `delivery-limit` and the queue's own.
/// The probe declares a queue whose name the same policies match, with the same limit of its own, and returns one
/// message to it until the message disappears or was redelivered often enough. The dead letters are not touched. The
/// probe's name has the same beginning and the same end as the queue's: only a pattern that matches the exact name,
/// such as `^mail\.dead$`, is not detected; the management API shows it.
struct DeliveryLimitProbe {
    /// After this many redeliveries no limit is assumed.
    static let enough = 100

    private let topology: ConsumerTopology
    private let probe: QueueDeclaration

    init(_ topology: ConsumerTopology) {
        self.topology = topology
        let dead = topology.name(of: .dead)
        // `mail.dead.limit-….dead`
        let number = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        probe = QueueDeclaration(
            quorum: "\(dead).limit-\(number).dead",
            [
                "x-delivery-limit": .integer(2_147_483_647),
                // If this process crashes, the broker deletes the queue.
                "x-expires": .integer(60_000),
            ])
    }

    /// - Returns: The limit; nil if a message can be redelivered ``enough`` times.
    func limit(_ channel: Channel) throws(BrokerError) -> Int? {
        try channel.declareQueue(probe.name, probe.arguments)
        // If this throws, the channel is closed, and the queue expires.
        let limit = try count(channel)
        try channel.deleteQueue(probe.name)
        return limit
    }

    private func count(_ channel: Channel) throws(BrokerError) -> Int? {
        // Via the consumer's own exchange: a user with write permission on it needs no further ones.
        try channel.bind(probe.name, to: topology.exchange, key: probe.name)
        let answers = Answers()
        let message = SignalMessage(routingKey: probe.name, messageID: probe.name, body: Data())
        try write(channel, answers) { channel throws(BrokerError) in
            try channel.publish(message, exchange: topology.exchange, routingKey: probe.name)
        }
        for returns in 0...Self.enough {
            guard let tag = try next(channel, answers, patience: returns == 0 ? 40 : 4) else {
                if returns > 0 { return returns - 1 }
                throw BrokerError(
                    .refusedByBroker,
                    "the broker did not keep a message in the queue \(probe.name), so it is unknown whether a policy "
                        + "would delete inspected dead letters")
            }
            try write(channel, answers) { channel throws(BrokerError) in try channel.returnFailed(tag) }
        }
        return nil
    }

    /// Requests the message with `basic.get`, several times if the queue appears to be empty.
    private func next(
        _ channel: Channel, _ answers: Answers, patience: Int
    ) throws(BrokerError) -> UInt64? {
        for _ in 0..<patience {
            try write(channel, answers) { channel throws(BrokerError) in try channel.get(probe.name) }
            answers.isEmpty = false
            let end = ContinuousClock.now + .seconds(10)
            while answers.tag == nil, !answers.isEmpty {
                guard ContinuousClock.now < end else {
                    throw BrokerError(.connectionLost, "the broker did not reply in time")
                }
                try channel.step(waitingFor: .milliseconds(100), wantsToWrite: false, answers)
            }
            if let tag = answers.tag {
                answers.tag = nil
                return tag
            }
            try channel.step(waitingFor: .milliseconds(50), wantsToWrite: false, answers)
        }
        return nil
    }

    private func write(
        _ channel: Channel, _ answers: Answers,
        _ body: (Channel) throws(BrokerError) -> Channel.Written
    ) throws(BrokerError) {
        let end = ContinuousClock.now + .seconds(10)
        while case .notNow = try body(channel) {
            guard ContinuousClock.now < end else {
                throw BrokerError(.connectionLost, "the broker accepts no messages now; try again later")
            }
            try channel.step(waitingFor: .milliseconds(50), wantsToWrite: true, answers)
        }
    }

    private final class Answers: EventReceiver {
        var tag: UInt64?
        var isEmpty = false

        func receive(_ event: CRMQEvent) {
            switch event.kind {
            case .delivered: tag = event.tag
            case .getEmpty: isEmpty = true
            default: break
            }
        }
    }
}
