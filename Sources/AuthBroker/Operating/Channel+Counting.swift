// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

extension Channel {
    /// Waits up to 3 s until a queue's count includes the messages that a closed channel held, so that the next command
    /// sees them.
    func awaitCount(of count: Int, in queue: String) throws(BrokerError) {
        let end = ContinuousClock.now + .seconds(3)
        while try declareQueue(queue, isPassive: true) < count, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(5), wantsToWrite: false, Nobody())
        }
    }
}

/// Ignores all events, for a connection on which none are expected.
final class Nobody: EventReceiver {
    func receive(_ event: CRMQEvent) {}
}
