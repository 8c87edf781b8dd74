// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// One piece of work for a connection: waiting, running, or ended.
///
/// The task that waits for it may be cancelled at any time, on any thread. A waiting job is then not run. A running one
/// is cancelled on the server (`PQcancel`) within a transaction, until COMMIT is about to be sent. COMMIT is never
/// interrupted: one that waits for a standby would take effect without it. For the same reason statements outside of a
/// transaction, which commit by themselves, are waited for.
final class Job: Sendable {
    private enum Phase {
        case waiting
        /// - Parameter cancel: nil without memory for it.
        case running(cancel: CancelHandle?)
        case committing, ended
    }

    private struct State {
        var phase = Phase.waiting
        var isCancelled = false
        /// Whether the running statement commits nothing.
        var isInTransaction = false
        /// Whether a thread is in `PQcancel`.
        var isCancelling = false
        var fail: (@Sendable (any Error) -> Void)?
    }

    private let state = Mutex(State())
    private let cancelEnded = DispatchSemaphore(value: 0)
    private let jobEnded = DispatchSemaphore(value: 0)
    private let work: @Sendable (PostgresConnection) -> Completion

    /// Tells the waiting task what came of the job.
    typealias Completion = @Sendable () -> Void

    /// The time between two attempts to cancel a statement.
    private static let cancelPause = DispatchTimeInterval.milliseconds(100)
    /// How long the connection's thread waits for a running `PQcancel`.
    private static let cancelPatience = DispatchTimeInterval.seconds(12)

    /// - Parameters:
    ///   - work: Called on the connection's thread, at most once.
    ///   - fail: Called instead of `work`, on any thread.
    init(
        work: @escaping @Sendable (PostgresConnection) -> Completion,
        fail: @escaping @Sendable (any Error) -> Void
    ) {
        self.work = work
        state.withLock { $0.fail = fail }
    }

    /// Whether the task was cancelled.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Whether it still waits for a connection.
    var isWaiting: Bool {
        state.withLock { state in
            if case .waiting = state.phase { true } else { false }
        }
    }

    // MARK: Any thread

    /// Ends the job if it is still waiting.
    ///
    /// - Returns: Whether it was.
    @discardableResult
    func fail(_ error: any Error) -> Bool {
        let fail = state.withLock { state -> (@Sendable (any Error) -> Void)? in
            guard case .waiting = state.phase else { return nil }
            state.phase = .ended
            return state.fail
        }
        fail?(error)
        return fail != nil
    }

    /// Cancels the job: see the type.
    func cancel() {
        if fail(CancellationError()) { return }
        let running = state.withLock { state -> CancelHandle? in
            state.isCancelled = true
            guard case .running(let cancel?) = state.phase, state.isInTransaction, !state.isCancelling
            else { return nil }
            state.isCancelling = true
            return cancel
        }
        guard let running else { return }
        // It blocks: on a thread of its own, not on the shared pool's.
        Thread.detachNewThread {
            // Again until it has an effect: the server ignores it between two statements, and one may be on its way.
            while self.isRunning {
                running.run()
                if self.jobEnded.wait(timeout: .now() + Self.cancelPause) == .success { break }
            }
            self.state.withLock { $0.isCancelling = false }
            self.cancelEnded.signal()
        }
    }

    private var isRunning: Bool {
        state.withLock { if case .running = $0.phase { true } else { false } }
    }

    // MARK: The connection's thread

    /// Takes the job for a connection.
    ///
    /// - Returns: False if it has ended meanwhile.
    func take() -> Bool {
        state.withLock { state in
            guard case .waiting = state.phase else { return false }
            state.phase = .running(cancel: nil)
            return true
        }
    }

    /// Ends a job that was taken without running it.
    func giveUp(_ error: any Error) {
        let fail = state.withLock { state in
            state.phase = .ended
            return state.fail
        }
        fail?(error)
    }

    /// Runs the job that was taken.
    ///
    /// - Returns: To be called when the thread is free for the next job: the task may submit one at once.
    func run(on connection: PostgresConnection, _ cancel: CancelHandle?) -> Completion {
        state.withLock { $0.phase = .running(cancel: cancel) }
        connection.job = self
        return work(connection)
    }

    /// - Throws: `CancellationError` if the task was cancelled.
    func checkCancellation() throws {
        if isCancelled { throw CancellationError() }
    }

    /// Allows cancelling on the server: a transaction begins.
    func beginTransaction() { state.withLock { $0.isInTransaction = true } }

    /// Forbids cancelling from here on.
    ///
    /// - Throws: `CancellationError` if the task was cancelled before.
    func beginCommit() throws {
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            state.phase = .committing
        }
    }

    /// Forbids cancelling, and waits until none is running: a late one would hit the connection's next statement.
    ///
    /// - Returns: False if a cancellation has not ended in time; the connection must not be used again.
    func endCancellation() -> Bool {
        let isCancelling = state.withLock { state in
            state.phase = .ended
            return state.isCancelling
        }
        if isCancelling { jobEnded.signal() }
        return !isCancelling || cancelEnded.wait(timeout: .now() + Self.cancelPatience) == .success
    }
}
