// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Group commit: batches the concurrent database requests of many tasks.
///
/// The first request is performed immediately; requests that arrive meanwhile wait, and are then performed together. So
/// a single request is not delayed, and many requests share one commit, that is one disk sync.
///
/// Requests are performed in a task of their own: neither the cancellation nor the task-local values of one caller
/// reach the requests of the others.
package final class GroupCommit<Request: Sendable, Answer: Sendable>: Sendable {
    package typealias Results = [Result<Answer, any Error>]
    private typealias Waiting = (request: Request, caller: Caller)

    /// What receives the result.
    private enum Caller {
        case task(CheckedContinuation<Answer, any Error>)
        case closure(@Sendable (Result<Answer, any Error>) -> Void)

        func receive(_ result: Result<Answer, any Error>) {
            switch self {
            case .task(let continuation): continuation.resume(with: result)
            case .closure(let closure): closure(result)
            }
        }
    }

    private struct State {
        var waiting: [Waiting] = []
        var isBusy = false
        var largest: Int
    }

    private let perform: @Sendable ([Request]) async -> Results
    private let state: Mutex<State>
    private let gathers: Bool

    /// - Parameters:
    ///   - largest: The maximum number of requests that are performed together.
    ///   - gathers: Whether tasks that are ready to run get the chance to add their requests before a batch is performed:
    ///     for requests that cost less than a change of thread.
    ///   - perform: Performs the requests, and returns their results in the same order.
    package init(
        largest: Int, gathers: Bool = false, _ perform: @escaping @Sendable ([Request]) async -> Results
    ) {
        self.gathers = gathers
        state = Mutex(State(largest: max(1, largest)))
        self.perform = perform
    }

    /// Whether a batch is being performed, and how many requests wait for its end.
    package var load: (isBusy: Bool, waiting: Int) { state.withLock { ($0.isBusy, $0.waiting.count) } }

    /// Changes the maximum number of requests that are performed together.
    package func limit(to largest: Int) { state.withLock { $0.largest = max(1, largest) } }

    /// Waits until the request was performed. A cancelled task waits, too, since it must receive the result.
    package func callAsFunction(_ request: Request) async throws -> Answer {
        try await withCheckedThrowingContinuation { add((request, .task($0))) }
    }

    /// Performs a request while the caller continues. Requests of one caller are performed in the order of its calls.
    ///
    /// - Parameter completion: Receives the result, outside of any lock; must not block.
    package func submit(
        _ request: Request, _ completion: @escaping @Sendable (Result<Answer, any Error>) -> Void
    ) {
        add((request, .closure(completion)))
    }

    private func add(_ waiting: Waiting) {
        let mustBegin = state.withLock { state in
            state.waiting.append(waiting)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if mustBegin { Task.detached { await self.work() } }
    }

    private func work() async {
        while true {
            if gathers { await gather() }
            guard let batch = next() else { return }
            let results = await perform(batch.map(\.request))
            for (waiting, result) in zip(batch, results) { waiting.caller.receive(result) }
        }
    }

    /// Yields as long as that brings more requests.
    private func gather() async {
        var known = 0
        while true {
            let (count, largest) = state.withLock { ($0.waiting.count, $0.largest) }
            if count == known || count >= largest { return }
            known = count
            await Task.yield()
        }
    }

    private func next() -> [Waiting]? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.isBusy = false
                return nil
            }
            let batch = Array(state.waiting.prefix(state.largest))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }
}
