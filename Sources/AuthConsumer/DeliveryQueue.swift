// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A thread-safe ``SubjectScheduler`` on which workers can wait for deliveries.
///
/// A worker takes an available delivery without waiting. Waiting workers are woken one at a time: each wakes the next
/// one if more deliveries are available. So handlers that suspend run concurrently, and handlers that do not suspend
/// cause no wake-ups.
///
/// Deliveries that cannot continue yet wait in ``WaitingDeliveries``, without a worker, and come before new ones.
final class DeliveryQueue: Sendable {
    typealias Work = (subjectQueue: SubjectScheduler.QueueKey, delivery: Delivery)
    private typealias Worker = CheckedContinuation<Void, Never>

    /// What a worker does next.
    enum Next {
        case new(Work)
        /// A delivery that has waited.
        case resumed(InFlightDelivery)
        case batch(InFlightBatch)
    }

    private struct State {
        var scheduler: SubjectScheduler
        var waiting: WaitingDeliveries
        var workers: [Worker] = []
        /// Whether a worker was woken that has not called `take` yet.
        var isWaking = false
        var hasEnded = false

        /// Whether no more deliveries follow.
        var isOver: Bool { hasEnded && scheduler.depth == 0 && waiting.isEmpty }

        /// Whether ``next()`` returns something.
        var hasNext: Bool {
            guard let first = waiting.first else { return scheduler.hasNext }
            return scheduler.canResume(alone: first.mustBeAlone)
        }

        mutating func next() -> Next? {
            guard let first = waiting.first else { return scheduler.next().map { .new($0) } }
            guard scheduler.canResume(alone: first.mustBeAlone), let (ready, members) = waiting.takeFirst()
            else { return nil }
            scheduler.resume(alone: first.mustBeAlone)
            switch ready {
            case .delivery(let delivery): return .resumed(delivery)
            case .batch(let index): return .batch(InFlightBatch(index: index, members: members))
            }
        }

        /// Removes the worker to wake now, if any.
        mutating func toWake() -> Worker? {
            guard !isWaking, hasNext, let worker = workers.popLast() else { return nil }
            isWaking = true
            return worker
        }
    }
    private let state: Mutex<State>

    /// - Parameters:
    ///   - isStrict: See ``SubjectScheduler``.
    ///   - limits: How many runs of each handler with a limit may overlap.
    ///   - batches: The handlers of batches.
    init(concurrency: Int, isStrict: Bool = false, limits: [Int] = [], batches: [HandlerBatch] = []) {
        state = Mutex(
            State(
                scheduler: SubjectScheduler(concurrency: concurrency, isStrict: isStrict),
                waiting: WaitingDeliveries(
                    limits: limits, batches: batches, isSerial: isStrict && concurrency == 1)))
    }

    /// The number of deliveries that wait for a worker, for a permit of their handler, or in a batch.
    var depth: Int { state.withLock { $0.scheduler.depth + $0.waiting.count } }

    /// Whether nothing more will be added.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func add(_ deliveries: [Delivery]) {
        change { for delivery in deliveries { $0.scheduler.add(delivery) } }
    }

    /// Ends the queue: the workers end when no more deliveries wait.
    func end() {
        change { state in
            state.hasEnded = true
            state.waiting.submitAll()
        }
    }

    /// Drops the waiting deliveries, and ends the queue.
    func cancel() {
        change { state in
            state.hasEnded = true
            state.scheduler.clear()
            state.waiting.clear()
        }
    }

    /// The next work for a worker, which has finished the one of `subjectQueue`; nil at the end.
    func next(after subjectQueue: SubjectScheduler.QueueKey?) async -> Next? {
        var finished = subjectQueue
        var wasWoken = false
        while true {
            let done = finished
            let woken = wasWoken
            finished = nil
            if let answer = take(after: done, wasWoken: woken) { return answer.next }
            await withCheckedContinuation { continuation in
                let mustLook = state.withLock { state in
                    if state.isOver || (state.hasNext && !state.isWaking) { return true }
                    state.workers.append(continuation)
                    return false
                }
                if mustLook { continuation.resume() }
            }
            wasWoken = true
        }
    }

    private struct Answer { var next: Next? }

    /// - Returns: nil if no delivery is available now.
    private func take(after finished: SubjectScheduler.QueueKey?, wasWoken: Bool) -> Answer? {
        var ended: [Worker] = []
        let (answer, other) = state.withLock { state -> (Answer?, Worker?) in
            if wasWoken { state.isWaking = false }
            if let finished { state.scheduler.finish(finished) }
            let next = state.next()
            let other = state.toWake()
            if state.isOver {
                ended = state.workers
                state.workers = []
            }
            return (next != nil || state.isOver ? Answer(next: next) : nil, other)
        }
        other?.resume()
        for worker in ended { worker.resume() }
        return answer
    }

    // MARK: Deliveries that wait without a worker

    /// - Returns: Whether the delivery may run; otherwise its worker is free, and the delivery continues with a permit.
    func takePermit(_ index: Int, for delivery: InFlightDelivery) -> Bool {
        change { state in
            let mayRun = state.waiting.takePermit(index, for: delivery)
            if !mayRun { state.scheduler.suspend() }
            return mayRun
        }
    }

    func returnPermit(_ index: Int) { change { $0.waiting.returnPermit(index) } }

    /// Adds a delivery to the batch of its current handler, at once or after an earlier batch of its subject. Its
    /// worker is free.
    func join(_ index: Int, _ delivery: InFlightDelivery) {
        let now = ContinuousClock.now
        let timer = change { state -> ContinuousClock.Instant? in
            switch state.waiting.join(index, delivery, at: now) {
            case .joined: state.scheduler.finish(delivery.subjectQueue)
            case .joinedExclusively, .waits: state.scheduler.suspend()
            }
            if state.hasEnded { state.waiting.submitAll() }
            return state.waiting.timer(of: index, isTimer: false, at: now)
        }
        if let timer { wait(for: index, until: timer) }
    }

    /// - Returns: Whether the delivery may start; otherwise its worker is free, and the delivery waits for the batch
    ///   with earlier ones of its subject.
    func passesBarrier(_ delivery: InFlightDelivery) -> Bool {
        change { state in
            let passes = state.waiting.passesBarrier(delivery)
            if !passes { state.scheduler.suspend() }
            return passes
        }
    }

    /// The batch has handled a delivery, which continues unless the batch's handler was its last one.
    func leaveBatch(_ delivery: InFlightDelivery) { change { $0.waiting.leave(delivery) } }

    /// A batch has handled all its deliveries: its worker is free.
    func endBatch(_ index: Int) {
        let timer = change { state -> ContinuousClock.Instant? in
            state.scheduler.suspend()
            state.waiting.endBatch(index, isDraining: state.hasEnded)
            return state.waiting.timer(of: index, isTimer: false, at: .now)
        }
        if let timer { wait(for: index, until: timer) }
    }

    /// Starts a task that makes the batch ready in time.
    private func wait(for index: Int, until due: ContinuousClock.Instant) {
        Task { [weak self] in
            var due: ContinuousClock.Instant? = due
            while let moment = due {
                try? await Task.sleep(until: moment, clock: .continuous)
                due = self?.change { $0.waiting.timer(of: index, isTimer: true, at: .now) }
            }
        }
    }

    @discardableResult
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, woken) = state.withLock { state -> (Result, [Worker]) in
            let result = body(&state)
            guard state.isOver else { return (result, state.toWake().map { [$0] } ?? []) }
            defer { state.workers = [] }
            return (result, state.workers)
        }
        for worker in woken { worker.resume() }
        return result
    }
}

extension WaitingDeliveries.Ready {
    /// Whether it may crash the process, so that nothing else runs meanwhile.
    var mustBeAlone: Bool {
        switch self {
        case .delivery(let delivery): SubjectScheduler.mayBePoison(delivery.delivery)
        case .batch: false
        }
    }
}
