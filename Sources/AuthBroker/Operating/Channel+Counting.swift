// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

extension Channel {
    /// Waits a while until a queue shows what a channel held that was closed: who looks next is to find it.
    func awaitCount(of count: Int, in queue: String) throws(BrokerError) {
        let end = ContinuousClock.now + .seconds(3)
        while try declareQueue(queue, isPassive: true) < count, ContinuousClock.now < end {
            try step(waitingFor: .milliseconds(5), wantsToWrite: false, Nobody())
        }
    }
}

/// Passes over what happens on a connection of which nothing is expected.
final class Nobody: EventReceiver {
    func receive(_ event: CRMQEvent) {}
}
