// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A queue of batches from any task to the publishing thread, open while connected.
final class PublishQueue: Sendable {
    private enum Phase { case shut, blocked, open, closedForGood }

    private struct State {
        var phase = Phase.shut
        /// Whether ``awaitOpen()`` was called since the last disconnect. Until then ``submit(_:)`` rejects batches:
        /// the caller may not know yet that earlier messages are lost, and later ones must not overtake them.
        var isAwaited = false
        var reason = "not connected to the broker"
        var batches: [PublishBatch] = []
        var isUpkeepWanted = false
        var waiters = WaiterList()
    }

    private let state = Mutex(State())

    // MARK: From any task

    /// Adds a batch. Without a connection all its outcomes are immediately unknown.
    ///
    /// - Returns: Whether the thread must be woken.
    func submit(_ batch: PublishBatch) -> Bool {
        let (isIn, mustWake, reason) = state.withLock { state in
            guard state.isAwaited, state.phase == .open || state.phase == .blocked else {
                return (false, false, state.reason)
            }
            state.batches.append(batch)
            return (true, state.batches.count == 1, "")
        }
        if !isIn { batch.settleRest(.unknown(reason)) }
        return mustWake
    }

    /// Waits until messages are accepted.
    func awaitOpen() async throws {
        try await state.wait(in: \.waiters) { state in
            if state.phase == .closedForGood { throw CancellationError() }
            if state.phase == .open { state.isAwaited = true }
            return state.phase == .open
        }
    }

    /// Requests the connection's upkeep before it is due.
    func wantUpkeep() { state.withLock { $0.isUpkeepWanted = true } }

    // MARK: From the publishing thread

    /// Whether the upkeep was requested since the last call.
    func takeUpkeepRequest() -> Bool {
        state.withLock { state in
            defer { state.isUpkeepWanted = false }
            return state.isUpkeepWanted
        }
    }

    /// Takes the batches that were submitted since the last call, in order.
    func take() -> [PublishBatch] {
        state.withLock { state in
            defer { state.batches = [] }
            return state.batches
        }
    }

    /// Connected, and the broker accepts messages.
    func open() {
        let waiters = state.withLock { state in
            state.phase = .open
            if !state.waiters.isEmpty { state.isAwaited = true }
            return state.waiters.removeAll()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Connected, but the broker accepts no messages: submitted batches wait.
    func block() { state.withLock { $0.phase = .blocked } }

    /// Disconnected; the outcome of waiting batches is unknown.
    func shut(_ reason: String) { leave(.shut, reason) }

    /// Stopped: it never opens again.
    func closeForGood() {
        leave(.closedForGood, "the publisher was stopped")
        let waiters = state.withLock { $0.waiters.removeAll() }
        for waiter in waiters { waiter.resume(throwing: CancellationError()) }
    }

    private func leave(_ phase: Phase, _ reason: String) {
        let batches = state.withLock { state in
            state.phase = phase
            state.isAwaited = false
            state.reason = reason
            defer { state.batches = [] }
            return state.batches
        }
        for batch in batches { batch.settleRest(.unknown(reason)) }
    }
}
