// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A ``LaneTable`` that workers wait at.
///
/// One that finds work takes it without waiting. Of those that wait one is woken at a time: it wakes the next
/// where there is still something for it, so that handlers that wait run side by side and those that do not
/// cost no wake-ups.
final class LaneQueue: Sendable {
    typealias Work = (lane: LaneTable.Lane, delivery: Delivery)
    private typealias Worker = CheckedContinuation<Void, Never>

    private struct State {
        var table: LaneTable
        var workers: [Worker] = []
        /// Whether one was woken that has not come yet.
        var isWaking = false
        var hasEnded = false

        /// Whether nothing comes any more.
        var isOver: Bool { hasEnded && table.depth == 0 }

        /// The worker that is to be woken now.
        mutating func toWake() -> Worker? {
            guard !isWaking, table.hasNext, let worker = workers.popLast() else { return nil }
            isWaking = true
            return worker
        }
    }
    private let state: Mutex<State>

    /// - Parameter isStrict: see ``LaneTable``.
    init(concurrency: Int, isStrict: Bool = false) {
        state = Mutex(State(table: LaneTable(concurrency: concurrency, isStrict: isStrict)))
    }

    /// How many deliveries wait for a worker.
    var depth: Int { state.withLock { $0.table.depth } }

    func add(_ deliveries: [Delivery]) {
        change { for delivery in deliveries { $0.table.add(delivery) } }
    }

    /// Says that nothing more comes: the workers end when nothing waits any more.
    func end() { change { $0.hasEnded = true } }

    /// Forgets what waits, and ends.
    func cancel() {
        change { state in
            state.hasEnded = true
            state.table.clear()
        }
    }

    /// The next delivery for a worker, which has done the one of `lane`; nil at the end.
    func next(after lane: LaneTable.Lane?) async -> Work? {
        var lane = lane
        var wasWoken = false
        while true {
            let done = lane
            let woken = wasWoken
            lane = nil
            if let answer = take(after: done, wasWoken: woken) { return answer.work }
            await withCheckedContinuation { continuation in
                let mustLook = state.withLock { state in
                    if state.isOver || (state.table.hasNext && !state.isWaking) { return true }
                    state.workers.append(continuation)
                    return false
                }
                if mustLook { continuation.resume() }
            }
            wasWoken = true
        }
    }

    private struct Answer { var work: Work? }

    /// - Returns: nil where there is nothing to do now.
    private func take(after lane: LaneTable.Lane?, wasWoken: Bool) -> Answer? {
        var ended: [Worker] = []
        let (answer, other) = state.withLock { state -> (Answer?, Worker?) in
            if wasWoken { state.isWaking = false }
            if let lane { state.table.finish(lane) }
            let work = state.table.next()
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
