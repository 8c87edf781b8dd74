// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Synchronization

/// Publishes to a ``MemoryBroker``.
///
/// After a connection loss the outcome of every batch is unknown until ``awaitReady()`` has returned, so that a caller
/// that has not noticed the loss cannot publish later messages before the lost ones.
public final class MemoryPublisher: SignalPublisher {
    private let broker: MemoryBroker
    private let epoch: Mutex<Int>

    public init(to broker: MemoryBroker) {
        self.broker = broker
        epoch = Mutex(broker.state.withLock { $0.epoch })
    }

    public func submit(_ batch: [SignalMessage]) -> PublishReceipt {
        let promise = MemoryPromise()
        let epoch = epoch.withLock { $0 }
        broker.change { state in
            let batch = MemoryBatch(messages: batch, promise: promise)
            if state.isDown || state.epoch != epoch {
                var lost = batch
                lost.outcomes = batch.messages.map { _ in .unknown("not connected") }
                return [lost]
            }
            state.open.append(batch)
            return []
        }
        return PublishReceipt { await promise.outcomes() }
    }

    public func awaitReady() async throws {
        try await broker.state.wait(in: \.waiting) { $0.isReady }
        let reached = broker.state.withLock { $0.epoch }
        epoch.withLock { $0 = reached }
    }
}
