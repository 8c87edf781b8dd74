// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Synchronization

/// A broker in memory: one topic exchange, queues, redelivery, and switches for what may go wrong.
///
/// ``MemoryPublisher`` publishes to it and ``MemorySource`` consumes from it.
public final class MemoryBroker: Sendable {
    /// What the broker is to do with a message that is published.
    public enum Answer: Hashable, Sendable {
        /// Route it: confirmed, or returned with 312 where no queue is bound for it.
        case route
        /// Not stored: nacked.
        case nack
        /// Not stored: refused for good.
        case refuse(String)
        /// The connection is lost, and the acknowledgement with it; stored or not.
        case lose(stored: Bool)
        /// Not stored: the channel is closed with AMQP's code and a text, and the acknowledgements of all messages in
        /// flight are lost.
        case close(code: Int, text: String)
    }

    struct State {
        var queues: [String: MemoryQueue] = [:]
        var isDown = false
        var isBlocked = false
        var holdsConfirms = false
        var answer: @Sendable (SignalMessage) -> Answer = { _ in .route }
        var accepted: [SignalMessage] = []
        /// Batches that were handed over and not answered, oldest first.
        var open: [MemoryBatch] = []
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
        var last = 0
        /// How often the connections were lost.
        var epoch = 0
    }

    let clock: FixedClock
    let state = Mutex(State())

    /// - Parameter clock: what the rungs of retry ladders go by; see ``advance(by:)``.
    public init(clock: FixedClock = FixedClock()) { self.clock = clock }

    // MARK: Queues

    /// Makes a queue, and binds it to the signals' exchange.
    public func declareQueue(_ name: String, bind patterns: [SignalPattern] = []) {
        state.withLock { $0.queues[name, default: MemoryQueue()].bindings.formUnion(patterns) }
    }

    /// The messages that lie in a queue, in order, without those that were delivered.
    public func messages(in queue: String) -> [SignalMessage] {
        state.withLock { $0.queues[queue]?.ready.map(\.message) ?? [] }
    }

    /// How many messages of a queue are delivered and not settled.
    public func unacknowledged(in queue: String) -> Int {
        state.withLock { state in
            state.queues[queue]?.consumers.values.reduce(0) { $0 + $1.unacknowledged.count } ?? 0
        }
    }

    /// Every message that reached at least one queue through the exchange, in order.
    public var accepted: [SignalMessage] { state.withLock { $0.accepted } }

    /// Puts a message into a queue, past the exchange.
    public func put(_ message: SignalMessage, into queue: String, deliveryCount: Int = 0) {
        state.withLock { state in
            state.queues[queue, default: MemoryQueue()].ready
                .append(MemoryQueue.Item(message: message, deliveryCount: deliveryCount))
            state.pump()
        }
    }

    // MARK: Switches

    /// Says what is to become of the messages that are published from now on.
    public func answer(with answer: @escaping @Sendable (SignalMessage) -> Answer) {
        state.withLock { $0.answer = answer }
    }

    /// Cuts all connections and lets none come about, or lets them come about again.
    public func setDown(_ isDown: Bool) {
        change { state in
            state.isDown = isDown
            return isDown ? state.disconnect() : []
        }
    }

    /// Cuts all connections; they come about again at once.
    public func dropConnections() { change { $0.disconnect() } }

    /// Raises an alarm, under which nothing that is published is read, or ends it.
    public func setAlarm(_ isOn: Bool) {
        change {
            $0.isBlocked = isOn; return []
        }
    }

    /// Keeps the acknowledgements of what is published back, or sends those that were kept.
    public func holdConfirms(_ isOn: Bool) {
        change {
            $0.holdsConfirms = isOn; return []
        }
    }

    /// Moves the clock, and what has waited long enough on a rung goes back to its queue.
    public func advance(by duration: Duration) {
        clock.advance(by: duration)
        change { state in
            state.releaseRungs(now: self.clock.now())
            return []
        }
    }

    /// Changes the state, then carries on with what the change allows.
    func change(_ body: (inout State) -> [MemoryBatch]) {
        let (answered, ready) = state.withLock { state in
            let lost = body(&state)
            let answered = lost + state.answerOpen()
            state.pump()
            let ready = state.isReady ? Array(state.waiting.values) : []
            if state.isReady { state.waiting = [:] }
            return (answered, ready)
        }
        for batch in answered { batch.promise.fulfil(batch.outcomes) }
        for waiter in ready { waiter.resume() }
    }
}
