// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// Gathers what many tasks want of the database at the same time, so that it is done in one go.
///
/// The first request is performed at once; those that come while it is performed wait, and are performed
/// together after it. So one at a time costs no waiting, and many cost one commit, which is one sync of the disk.
final class InboxGathering<Request: Sendable, Answer: Sendable>: Sendable {
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
    ///   - largest: how many are performed together at most.
    ///   - perform: answers each request, in their order.
    init(largest: Int, _ perform: @escaping @Sendable ([Request]) async -> Results) {
        self.largest = largest
        self.perform = perform
    }

    /// Whether something is being performed, and how many wait for its end.
    var load: (isBusy: Bool, waiting: Int) { state.withLock { ($0.isBusy, $0.waiting.count) } }

    /// Waits until the request was performed. A cancelled task waits as well: what is performed must be told.
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
