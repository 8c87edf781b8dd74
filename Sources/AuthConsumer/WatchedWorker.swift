// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A task that handles one delivery after the other, and that can be left behind while a handler runs.
final class WatchedWorker: Sendable {
    fileprivate struct State {
        /// What is in hand while a handler runs.
        var handling: Handling?
        /// When the handler should have returned.
        var end: ContinuousClock.Instant?
        var isLeftBehind = false
        var isCancelled = false
        var task: Task<Void, Never>?
        var waiting: CheckedContinuation<Handling?, Never>?
    }
    private let state = Mutex(State())

    /// Runs the body as a task of its own, and waits for it or until it is left behind.
    func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> Handling? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting = continuation }
                let task = Task {
                    await body(self)
                    self.state.withLock { $0.takeWaiting() }?.resume(returning: nil)
                }
                let isCancelled = state.withLock { state in
                    state.task = task
                    return state.isCancelled
                }
                if isCancelled { task.cancel() }
            }
        } onCancel: {
            let (task, waiting) = state.withLock { state in
                state.isCancelled = true
                // Nobody waits for a handler that may not heed it.
                if state.handling != nil { state.isLeftBehind = true }
                return (state.task, state.isLeftBehind ? state.takeWaiting() : nil)
            }
            task?.cancel()
            waiting?.resume(returning: nil)
        }
    }

    /// A handler begins.
    ///
    /// - Throws: `CancellationError` where nothing more is to begin.
    func begin(_ handling: Handling, until end: ContinuousClock.Instant) throws {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { (state.handling, state.end) = (handling, end) }
            return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
    }

    /// The handler has returned.
    ///
    /// - Returns: whether this worker was left behind meanwhile: then it has no say any more.
    func end() -> Bool {
        state.withLock { state in
            state.handling = nil
            return state.isLeftBehind
        }
    }

    /// Leaves it behind where its handler should have returned by now; it is cancelled.
    func leaveBehind(ifLateAt now: ContinuousClock.Instant) {
        let (task, waiting, handling) = state.withLock { state in
            guard let handling = state.handling, let end = state.end, end <= now, !state.isLeftBehind else {
                return (
                    nil as Task<Void, Never>?, nil as CheckedContinuation<Handling?, Never>?, nil as Handling?
                )
            }
            state.isLeftBehind = true
            return (state.task, state.takeWaiting(), handling)
        }
        task?.cancel()
        waiting?.resume(returning: handling)
    }
}

extension WatchedWorker.State {
    fileprivate mutating func takeWaiting() -> CheckedContinuation<Handling?, Never>? {
        defer { waiting = nil }
        return waiting
    }
}
