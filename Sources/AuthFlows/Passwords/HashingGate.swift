// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets a bounded number in at a time, and a bounded number wait; who is cancelled leaves the queue.
final class HashingGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var nextID: UInt64 = 0
        /// Cancelled before they had taken their place in the queue.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>
    private let queueLimit: Int

    init(places: Int, queueLimit: Int) {
        state = Mutex(State(free: places))
        self.queueLimit = queueLimit
    }

    /// Waits for a place.
    ///
    /// - Throws: ``PasswordHasherError`` where the queue is full; `CancellationError`.
    func enter() async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A cancellation that came after the answer was given leaves its mark behind.
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    guard state.waiting.count < queueLimit else {
                        return .failure(PasswordHasherError(retryAfter: 2))
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                if let index = state.waiting.firstIndex(where: { $0.id == id }) {
                    return Optional(state.waiting.remove(at: index).continuation)
                }
                state.cancelled.insert(id)
                return nil
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    /// Gives the place to the next in the queue.
    func leave() {
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil as CheckedContinuation<Void, any Error>?
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }

    /// How many wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }
}
