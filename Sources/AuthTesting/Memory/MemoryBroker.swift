// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Synchronization

/// An in-memory broker: one topic exchange, queues, redelivery, and switches that simulate failures.
///
/// ``MemoryPublisher`` publishes to it and ``MemorySource`` consumes from it.
public final class MemoryBroker: Sendable {
    /// How the broker responds to a published message.
    public enum Answer: Hashable, Sendable {
        /// Route it: confirmed, or returned with 312 if no queue is bound for it.
        case route
        /// Not stored: nacked.
        case nack
        /// Not stored: permanently refused.
        case refuse(String)
        /// The connection is lost before the confirm; the message is stored or not.
        case lose(stored: Bool)
        /// Not stored: the channel is closed with AMQP's code and a text, and the confirms of all messages in flight
        /// are lost.
        case close(code: Int, text: String)
    }

    struct State {
        var queues: [String: MemoryQueue] = [:]
        var isDown = false
        var isBlocked = false
        var holdsConfirms = false
        var answer: @Sendable (SignalMessage) -> Answer = { _ in .route }
        var accepted: [SignalMessage] = []
        /// Submitted batches without outcomes, oldest first.
        var open: [MemoryBatch] = []
        var waiting = WaiterList()
        var last = 0
        /// How often the connections were closed.
        var epoch = 0
    }

    let clock: FixedClock
    let state = Mutex(State())

    /// - Parameter clock: the clock of the retry rungs; see ``advance(by:)``.
    public init(clock: FixedClock = FixedClock()) { self.clock = clock }

    // MARK: Queues

    /// Declares a queue and binds it to the signals' exchange.
    public func declareQueue(_ name: String, bind patterns: [SignalPattern] = []) {
        state.withLock { $0.queues[name, default: MemoryQueue()].bindings.formUnion(patterns) }
    }

    /// The ready messages of a queue, in order, without unacknowledged ones.
    public func messages(in queue: String) -> [SignalMessage] {
        state.withLock { $0.queues[queue]?.ready.map(\.message) ?? [] }
    }

    /// The number of unacknowledged messages of a queue.
    public func unacknowledged(in queue: String) -> Int {
        state.withLock { state in
            state.queues[queue]?.consumers.values.reduce(0) { $0 + $1.unacknowledged.count } ?? 0
        }
    }

    /// The messages of a queue that are ready or unacknowledged.
    func unsettled(in queue: String) -> [SignalMessage] {
        state.withLock { state in
            guard let queue = state.queues[queue] else { return [] }
            let unacknowledged = queue.consumers.values.flatMap(\.unacknowledged.values)
            return (queue.ready + unacknowledged).map(\.message)
        }
    }

    /// All messages that were routed to at least one queue, in order.
    public var accepted: [SignalMessage] { state.withLock { $0.accepted } }

    /// Adds a message to a queue, bypassing the exchange.
    public func put(_ message: SignalMessage, into queue: String, deliveryCount: Int = 0) {
        state.withLock { state in
            state.queues[queue, default: MemoryQueue()].ready
                .append(MemoryQueue.Item(message: message, deliveryCount: deliveryCount))
            state.pump()
        }
    }

    // MARK: Switches

    /// Sets the response to messages that are published from now on.
    public func answer(with answer: @escaping @Sendable (SignalMessage) -> Answer) {
        state.withLock { $0.answer = answer }
    }

    /// Closes all connections and prevents new ones (`true`), or allows connections again (`false`).
    public func setDown(_ isDown: Bool) {
        change { state in
            state.isDown = isDown
            return isDown ? state.disconnect() : []
        }
    }

    /// Closes all connections; clients reconnect at once.
    public func dropConnections() { change { $0.disconnect() } }

    /// Raises or clears an alarm, which blocks publishing.
    public func setAlarm(_ isOn: Bool) {
        change {
            $0.isBlocked = isOn; return []
        }
    }

    /// Holds back publisher confirms (`true`), or sends those that were held back (`false`).
    public func holdConfirms(_ isOn: Bool) {
        change {
            $0.holdsConfirms = isOn; return []
        }
    }

    /// Advances the clock; retry copies whose delay has passed return to their queue.
    public func advance(by duration: Duration) {
        clock.advance(by: duration)
        releaseRungs()
    }

    /// Sets the clock to a later time, like ``advance(by:)``; an earlier time is ignored.
    func advance(to time: Date) {
        clock.set(to: max(clock.now(), time))
        releaseRungs()
    }

    /// When the next retry copy returns to its queue; nil if none waits.
    var nextRelease: Date? {
        state.withLock { $0.queues.values.flatMap(\.ready).compactMap(\.release).min() }
    }

    private func releaseRungs() {
        change { state in
            state.releaseRungs(now: self.clock.now())
            return []
        }
    }

    /// Changes the state, then delivers messages and completes batches as far as the new state allows.
    func change(_ body: (inout State) -> [MemoryBatch]) {
        let (answered, ready) = state.withLock { state in
            let lost = body(&state)
            let answered = lost + state.answerOpen()
            state.pump()
            let ready = state.isReady ? state.waiting.removeAll() : []
            return (answered, ready)
        }
        for batch in answered { batch.promise.fulfil(batch.outcomes) }
        for waiter in ready { waiter.resume() }
    }
}
