// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Synchronization

/// Consumes a queue of a ``MemoryBroker``, and has the consumer's other queues: `NAME.retry.1s` and the other retry
/// rungs, and `NAME.dead`.
public final class MemorySource: SignalSource {
    /// The queue's name.
    public let queue: String
    public let isStrictlyOrdered: Bool

    private let broker: MemoryBroker
    private let number: Int
    private let deliveries: AsyncStream<Delivery>
    private let stream: AsyncStream<Delivery>.Continuation

    /// Declares the queue and consumes it.
    ///
    /// - Parameters:
    ///   - queue: the name of the queue.
    ///   - broker: the broker in memory.
    ///   - patterns: the patterns that the queue is bound with.
    ///   - prefetch: the maximum number of unsettled deliveries.
    ///   - strictlyOrdered: see `SignalSource.isStrictlyOrdered`.
    public init(
        _ queue: String, of broker: MemoryBroker, bind patterns: [SignalPattern] = [], prefetch: Int = 16,
        strictlyOrdered: Bool = false
    ) {
        self.queue = queue
        isStrictlyOrdered = strictlyOrdered
        self.broker = broker
        let stream: AsyncStream<Delivery>.Continuation
        (deliveries, stream) = AsyncStream.makeStream()
        self.stream = stream
        broker.declareQueue(queue, bind: patterns)
        number = broker.state.withLock { state in
            state.last += 1
            state.queues[queue]?.consumers[state.last] = MemoryQueue.Consumer(
                prefetch: prefetch, stream: stream)
            state.pump()
            return state.last
        }
    }

    public func nextDeliveries() async -> [Delivery]? {
        var iterator = deliveries.makeAsyncIterator()
        return await iterator.next().map { [$0] }
    }

    public func acknowledge(_ delivery: Delivery) {
        broker.change { state in
            _ = state.queues[self.queue]?.take(delivery.tag, of: self.number)
            return []
        }
    }

    public func release(_ delivery: Delivery) {
        broker.change { state in
            if let item = state.queues[self.queue]?.take(delivery.tag, of: self.number) {
                state.deadLetter(state.queues[self.queue]?.giveBack([item]) ?? [], of: self.queue)
            }
            return []
        }
    }

    /// Does nothing, since the broker processes settlements at once.
    public func flush() async {}

    public func isCurrent(_ delivery: Delivery) -> Bool {
        broker.state.withLock { $0.queues[queue]?.consumers[number]?.epoch == delivery.tag.epoch }
    }

    /// - Throws: ``NotMoved`` if the broker is down or has an alarm, or if its response is not to store a copy.
    public func republish(_ delivery: Delivery, as copies: [RepublishedCopy]) async throws {
        let now = broker.clock.now()
        var isMoved = false
        broker.change { state in
            guard state.isReady else { return [] }
            let answers = copies.map { state.answer($0.message) }
            if answers.contains(where: { if case .refuse = $0 { true } else { false } }) {
                // Permanently refused: the delivery is rejected, which dead-letters it.
                let item = state.queues[self.queue]?.take(delivery.tag, of: self.number)
                state.deadLetter(item.map { [$0.message] } ?? [], of: self.queue)
                isMoved = true
                return []
            }
            guard answers.allSatisfy({ $0 == .route }) else { return [] }
            for copy in copies {
                var item = MemoryQueue.Item(message: copy.message)
                if case .retry(let rung) = copy.destination {
                    item.release = now.addingTimeInterval(Double(rung.delay.components.seconds))
                }
                item.message.routingKey = copy.destination.key
                state.queues[copy.destination.queue(of: self.queue), default: MemoryQueue()].ready.append(
                    item)
            }
            _ = state.queues[self.queue]?.take(delivery.tag, of: self.number)
            isMoved = true
            return []
        }
        if !isMoved { throw NotMoved() }
    }

    /// Whether it consumes the queue.
    public var isTaking: Bool {
        broker.state.withLock { $0.queues[queue]?.consumers[number]?.isTaking ?? false }
    }

    public func stopTaking() async {
        broker.state.withLock { $0.queues[queue]?.consumers[number]?.isTaking = false }
        stream.finish()
    }

    /// Ends the consumer; unsettled deliveries are requeued.
    public func close() {
        broker.change { state in
            state.deadLetter(state.queues[self.queue]?.disconnect(self.number) ?? [], of: self.queue)
            state.queues[self.queue]?.consumers[self.number] = nil
            return []
        }
        stream.finish()
    }

    /// The messages in one of the consumer's own queues.
    public func messages(in destination: RepublishedCopy.Destination) -> [SignalMessage] {
        broker.messages(in: destination.queue(of: queue))
    }

    /// A copy was not stored.
    public struct NotMoved: Error {}
}

extension RepublishedCopy.Destination {
    /// The routing key on the consumer's own exchange.
    var key: String {
        switch self {
        case .main: "main"
        case .retry(let rung): rung.name
        case .dead: "dead"
        }
    }

    /// The queue's name.
    func queue(of name: String) -> String {
        switch self {
        case .main: name
        case .retry(let rung): "\(name).retry.\(rung.name)"
        case .dead: "\(name).dead"
        }
    }
}
