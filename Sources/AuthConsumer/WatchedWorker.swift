// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A task that handles one delivery after the other, and that can be abandoned while a handler runs.
final class WatchedWorker: Sendable {
    fileprivate struct State {
        /// The delivery in flight while a handler runs; otherwise nil.
        var handling: InFlightDelivery?
        /// The handler's deadline.
        var end: ContinuousClock.Instant?
        var isAbandoned = false
        var isCancelled = false
        var task: Task<Void, Never>?
        var waiting: CheckedContinuation<InFlightDelivery?, Never>?
    }
    private let state = Mutex(State())

    /// Runs the body as a separate task, and waits until it ends or is abandoned.
    func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> InFlightDelivery? {
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
                // Do not wait for the handler, which may ignore cancellation.
                if state.handling != nil { state.isAbandoned = true }
                return (state.task, state.isAbandoned ? state.takeWaiting() : nil)
            }
            task?.cancel()
            waiting?.resume(returning: nil)
        }
    }

    /// A handler starts.
    ///
    /// - Throws: `CancellationError` if the worker was cancelled.
    func begin(_ handling: InFlightDelivery, until end: ContinuousClock.Instant) throws {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { (state.handling, state.end) = (handling, end) }
            return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
    }

    /// The handler has returned.
    ///
    /// - Returns: Whether this worker was abandoned meanwhile: then its result must be ignored.
    func end() -> Bool {
        state.withLock { state in
            state.handling = nil
            return state.isAbandoned
        }
    }

    /// Abandons and cancels the worker if its handler has exceeded its deadline.
    func abandon(ifLateAt now: ContinuousClock.Instant) {
        let (task, waiting, handling) = state.withLock { state in
            guard let handling = state.handling, let end = state.end, end <= now, !state.isAbandoned else {
                return (
                    nil as Task<Void, Never>?, nil as CheckedContinuation<InFlightDelivery?, Never>?,
                    nil as InFlightDelivery?
                )
            }
            state.isAbandoned = true
            return (state.task, state.takeWaiting(), handling)
        }
        task?.cancel()
        waiting?.resume(returning: handling)
    }
}

extension WatchedWorker.State {
    fileprivate mutating func takeWaiting() -> CheckedContinuation<InFlightDelivery?, Never>? {
        defer { waiting = nil }
        return waiting
    }
}
