// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// Group commit: batches the concurrent database requests of many tasks.
///
/// The first request is performed immediately; requests that arrive meanwhile wait, and are then performed together. So
/// a single request is not delayed, and many requests share one commit, that is one disk sync.
final class GroupCommit<Request: Sendable, Answer: Sendable>: Sendable {
    typealias Results = [Result<Answer, any Error>]
    private typealias Waiting = (request: Request, continuation: CheckedContinuation<Answer, any Error>)

    private struct State {
        var waiting: [Waiting] = []
        var isBusy = false
    }

    private let largest: Int
    private let perform: @Sendable ([Request]) async -> Results
    private let state = Mutex(State())

    /// - Parameters:
    ///   - largest: The maximum number of requests that are performed together.
    ///   - perform: Performs the requests, and returns their results in the same order.
    init(largest: Int, _ perform: @escaping @Sendable ([Request]) async -> Results) {
        self.largest = largest
        self.perform = perform
    }

    /// Whether a batch is being performed, and how many requests wait for its end.
    var load: (isBusy: Bool, waiting: Int) { state.withLock { ($0.isBusy, $0.waiting.count) } }

    /// Waits until the request was performed. A cancelled task waits, too, since it must receive the result.
    func callAsFunction(_ request: Request) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            let mustBegin = state.withLock { state in
                state.waiting.append((request, continuation))
                defer { state.isBusy = true }
                return !state.isBusy
            }
            if mustBegin { Task { await work() } }
        }
    }

    private func work() async {
        while let batch = next() {
            let results = await perform(batch.map(\.request))
            for (waiting, result) in zip(batch, results) { waiting.continuation.resume(with: result) }
        }
    }

    private func next() -> [Waiting]? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.isBusy = false
                return nil
            }
            let batch = Array(state.waiting.prefix(largest))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }
}
