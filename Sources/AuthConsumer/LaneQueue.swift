// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A ``LaneTable`` that workers wait at.
final class LaneQueue: Sendable {
    typealias Work = (lane: LaneTable.Lane, delivery: Delivery)
    private typealias Worker = CheckedContinuation<Work?, Never>

    private struct State {
        var table: LaneTable
        var workers: [Worker] = []
        var hasEnded = false
    }
    private let state: Mutex<State>

    init(concurrency: Int) { state = Mutex(State(table: LaneTable(concurrency: concurrency))) }

    /// How many deliveries wait for a worker.
    var depth: Int { state.withLock { $0.table.depth } }

    func add(_ delivery: Delivery) { change { $0.table.add(delivery) } }

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
        await withCheckedContinuation { continuation in
            change { state in
                if let lane { state.table.finish(lane) }
                state.workers.append(continuation)
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let (started, ended) = state.withLock { state -> ([(Worker, Work)], [Worker]) in
            body(&state)
            var started: [(Worker, Work)] = []
            while !state.workers.isEmpty, let work = state.table.next() {
                started.append((state.workers.removeLast(), work))
            }
            guard state.hasEnded, state.table.depth == 0 else { return (started, []) }
            defer { state.workers = [] }
            return (started, state.workers)
        }
        for (worker, work) in started { worker.resume(returning: work) }
        for worker in ended { worker.resume(returning: nil) }
    }
}
