// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A handler did not return in time. It was cancelled; whether it heeds that is its own affair.
public struct HandlerTimeout: Error, Hashable, Sendable {
    /// How long it had.
    public var limit: Duration
}

/// Runs handlers, and goes on without those that take too long.
///
/// One loop looks at all of them, so that a handler costs no timer of its own.
final class HandlerWatch: Sendable {
    private struct Run {
        var continuation: CheckedContinuation<Void, any Error>
        var end: ContinuousClock.Instant
        var task: Task<Void, Never>?
    }
    private struct State {
        var last = 0
        var runs: [Int: Run] = [:]
        var cancelled: Set<Int> = []
    }

    private let limit: Duration
    private let state = Mutex(State())

    init(limit: Duration) { self.limit = limit }

    /// - Throws: what `body` throws, ``HandlerTimeout``, or `CancellationError` as soon as the caller is
    ///   cancelled.
    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return true }
                    state.runs[number] = Run(continuation: continuation, end: .now + limit)
                    return false
                }
                if isCancelled { return continuation.resume(throwing: CancellationError()) }
                let task = Task {
                    do {
                        try await body()
                        self.finish(number, .success(()))
                    } catch {
                        self.finish(number, .failure(error))
                    }
                }
                let isKept = state.withLock { state in
                    state.runs[number]?.task = task
                    return state.runs[number] != nil
                }
                // It has ended already, or was cancelled meanwhile: then it must hear of it.
                if !isKept { task.cancel() }
            }
        } onCancel: {
            if finish(number, .failure(CancellationError())) { return }
            state.withLock { _ = $0.cancelled.insert(number) }
        }
    }

    /// Looks after the handlers until it is cancelled.
    func watch() async {
        let pause = min(max(limit / 20, .milliseconds(5)), .seconds(1))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let now = ContinuousClock.now
            let late = state.withLock { $0.runs.filter { $0.value.end <= now }.map(\.key) }
            for number in late { finish(number, .failure(HandlerTimeout(limit: limit))) }
        }
    }

    @discardableResult
    private func finish(_ number: Int, _ result: Result<Void, any Error>) -> Bool {
        guard let run = state.withLock({ $0.runs.removeValue(forKey: number) }) else { return false }
        run.task?.cancel()
        run.continuation.resume(with: result)
        return true
    }
}
