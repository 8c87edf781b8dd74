// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A thread-safe ``SubjectScheduler`` on which workers can wait for deliveries.
///
/// A worker takes an available delivery without waiting. Waiting workers are woken one at a time: each wakes the next
/// one if more deliveries are available. So handlers that suspend run concurrently, and handlers that do not suspend
/// cause no wake-ups.
final class DeliveryQueue: Sendable {
    typealias Work = (subjectQueue: SubjectScheduler.QueueKey, delivery: Delivery)
    private typealias Worker = CheckedContinuation<Void, Never>

    private struct State {
        var scheduler: SubjectScheduler
        var workers: [Worker] = []
        /// Whether a worker was woken that has not called `take` yet.
        var isWaking = false
        var hasEnded = false

        /// Whether no more deliveries follow.
        var isOver: Bool { hasEnded && scheduler.depth == 0 }

        /// Removes the worker to wake now, if any.
        mutating func toWake() -> Worker? {
            guard !isWaking, scheduler.hasNext, let worker = workers.popLast() else { return nil }
            isWaking = true
            return worker
        }
    }
    private let state: Mutex<State>

    /// - Parameter isStrict: See ``SubjectScheduler``.
    init(concurrency: Int, isStrict: Bool = false) {
        state = Mutex(State(scheduler: SubjectScheduler(concurrency: concurrency, isStrict: isStrict)))
    }

    /// The number of deliveries that wait for a worker.
    var depth: Int { state.withLock { $0.scheduler.depth } }

    func add(_ deliveries: [Delivery]) {
        change { for delivery in deliveries { $0.scheduler.add(delivery) } }
    }

    /// Ends the queue: the workers end when no more deliveries wait.
    func end() { change { $0.hasEnded = true } }

    /// Drops the waiting deliveries, and ends the queue.
    func cancel() {
        change { state in
            state.hasEnded = true
            state.scheduler.clear()
        }
    }

    /// The next delivery for a worker, which has finished the one of `subjectQueue`; nil at the end.
    func next(after subjectQueue: SubjectScheduler.QueueKey?) async -> Work? {
        var finished = subjectQueue
        var wasWoken = false
        while true {
            let done = finished
            let woken = wasWoken
            finished = nil
            if let answer = take(after: done, wasWoken: woken) { return answer.work }
            await withCheckedContinuation { continuation in
                let mustLook = state.withLock { state in
                    if state.isOver || (state.scheduler.hasNext && !state.isWaking) { return true }
                    state.workers.append(continuation)
                    return false
                }
                if mustLook { continuation.resume() }
            }
            wasWoken = true
        }
    }

    private struct Answer { var work: Work? }

    /// - Returns: nil if no delivery is available now.
    private func take(after finished: SubjectScheduler.QueueKey?, wasWoken: Bool) -> Answer? {
        var ended: [Worker] = []
        let (answer, other) = state.withLock { state -> (Answer?, Worker?) in
            if wasWoken { state.isWaking = false }
            if let finished { state.scheduler.finish(finished) }
            let work = state.scheduler.next()
            let other = state.toWake()
            if state.isOver {
                ended = state.workers
                state.workers = []
            }
            return (work != nil || state.isOver ? Answer(work: work) : nil, other)
        }
        other?.resume()
        for worker in ended { worker.resume() }
        return answer
    }

    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state -> [Worker] in
            body(&state)
            guard state.isOver else { return state.toWake().map { [$0] } ?? [] }
            defer { state.workers = [] }
            return state.workers
        }
        for worker in woken { worker.resume() }
    }
}
