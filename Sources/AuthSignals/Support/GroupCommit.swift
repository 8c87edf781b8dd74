// SPDX-License-Identifier: Apache-2.0
public import Synchronization

/// Group commit: batches the concurrent database requests of many tasks.
///
/// The first request is performed immediately; requests that arrive meanwhile wait, and are then performed together. So
/// a single request is not delayed, and many requests share one commit, that is one disk sync.
///
/// Requests are performed in a task of their own: neither the cancellation nor the task-local values of one caller
/// reach the requests of the others.
///
/// It is inlinable so that its users, which are in other modules, get code that is specialized for their requests: an
/// inbox spends several microseconds less on a message.
@usableFromInline
package final class GroupCommit<Request: Sendable, Answer: Sendable>: Sendable {
    @usableFromInline package typealias Results = [Result<Answer, any Error>]
    /// Receives the result of a request.
    @usableFromInline typealias Caller = @Sendable (Result<Answer, any Error>) -> Void

    @usableFromInline
    struct State: Sendable {
        /// The requests that wait, and who has made each of them.
        @usableFromInline var waiting: [Request] = []
        @usableFromInline var callers: [Caller] = []
        @usableFromInline var isBusy = false
        @usableFromInline var largest: Int

        @inlinable
        init(largest: Int) { self.largest = largest }

        /// Takes the requests of the next batch.
        @inlinable
        mutating func take() -> (requests: [Request], callers: [Caller]) {
            if waiting.count <= largest {
                defer { (waiting, callers) = ([], []) }
                return (waiting, callers)
            }
            defer {
                waiting.removeFirst(largest)
                callers.removeFirst(largest)
            }
            return (Array(waiting.prefix(largest)), Array(callers.prefix(largest)))
        }
    }

    @usableFromInline let perform: @Sendable ([Request]) async -> Results
    @usableFromInline let state: Mutex<State>
    @usableFromInline let gathers: Bool

    /// - Parameters:
    ///   - largest: The maximum number of requests that are performed together.
    ///   - gathers: Whether tasks that are ready to run get the chance to add their requests before a batch is performed:
    ///     for requests that cost less than a change of thread.
    ///   - perform: Performs the requests, and returns a result for each of them, in the same order.
    @inlinable
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
    @inlinable
    package func callAsFunction(_ request: Request) async throws -> Answer {
        // Not checked, since work() resumes each caller once: the check would cost an allocation for every request.
        try await withUnsafeThrowingContinuation { continuation in
            submit(request) { continuation.resume(with: $0) }
        }
    }

    /// Performs a request while the caller continues. Requests of one caller are performed in the order of its calls.
    ///
    /// - Parameter completion: Receives the result, outside of any lock; must not block.
    @inlinable
    package func submit(
        _ request: Request, _ completion: @escaping @Sendable (Result<Answer, any Error>) -> Void
    ) {
        let mustBegin = state.withLock { state in
            state.waiting.append(request)
            state.callers.append(completion)
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if mustBegin { Task.detached { await self.work() } }
    }

    @inlinable
    func work() async {
        while true {
            if gathers { await gather() }
            let (requests, callers) = next()
            if requests.isEmpty { return }
            let results = await perform(requests)
            for (receive, result) in zip(callers, results) { receive(result) }
        }
    }

    /// Yields as long as that brings more requests.
    @inlinable
    func gather() async {
        var known = 0
        while true {
            let (count, largest) = state.withLock { ($0.waiting.count, $0.largest) }
            if count == known || count >= largest { return }
            known = count
            await Task.yield()
        }
    }

    /// The next batch; if it is empty, nothing is being performed any more.
    @inlinable
    func next() -> (requests: [Request], callers: [Caller]) {
        state.withLock { state in
            if state.waiting.isEmpty { state.isBusy = false }
            return state.take()
        }
    }
}
