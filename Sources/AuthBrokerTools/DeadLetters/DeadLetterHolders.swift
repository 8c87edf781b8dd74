// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import CRabbitMQ

/// Idle connections that hold unacknowledged dead letters which stay in the queue, oldest first.
struct DeadLetterHolders {
    private var holders: [(channel: Channel, held: Int)] = []
    private var keptAt = ContinuousClock.now
    private let heartbeat: Duration

    /// - Parameter heartbeat: The heartbeat interval of the connections.
    init(heartbeat: Duration) { self.heartbeat = heartbeat }

    var isEmpty: Bool { holders.isEmpty }

    mutating func add(_ channel: Channel, holding held: Int) { holders.append((channel, held)) }

    /// Receives and sends heartbeats; called often.
    mutating func keep() throws(BrokerError) {
        if .now - keptAt < heartbeat / 4 { return }
        keptAt = .now
        for holder in holders {
            try holder.channel.step(waitingFor: .zero, wantsToWrite: false, EventDiscarder())
        }
    }

    /// Closes the connections in order, each after the queue contains the previous one's messages, so that the order of
    /// the messages is preserved.
    ///
    /// - Parameter channel: The channel for counting the queue's messages.
    /// - Returns: The number of messages that they held.
    mutating func giveBack(to queue: String, watching channel: Channel) throws(BrokerError) -> Int {
        var given = 0
        while !holders.isEmpty {
            let holder = holders.removeFirst()
            holder.channel.close(within: .seconds(1))
            given += holder.held
            try channel.awaitCount(of: given, in: queue)
        }
        return given
    }

    /// Closes all of them, without waiting between them.
    mutating func close() {
        for holder in holders { holder.channel.close(within: .seconds(1)) }
        holders = []
    }
}

extension Channel {
    /// Waits up to 3 s until a queue's count includes the messages that a closed channel held, so that the next command
    /// sees them.
    func awaitCount(of count: Int, in queue: String) throws(BrokerError) {
        let end = ContinuousClock.now + .seconds(3)
        while try declareQueue(queue, isPassive: true) < count, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(5), wantsToWrite: false, EventDiscarder())
        }
    }
}

/// Ignores all events, for a connection on which none are expected.
final class EventDiscarder: EventReceiver {
    func receive(_ event: CRMQEvent) {}
}
