// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A lease with one holder at a time; others wait in first-in, first-out order.
final class MemoryLease: Sendable {
    private struct State {
        var isHeld = false
        var next = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []
    }
    private let state = Mutex(State())

    /// - Throws: `CancellationError`
    func acquire() async throws -> any Lease {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if state.isHeld {
                        state.waiting.append((number, continuation))
                        return nil
                    }
                    state.isHeld = true
                    return .success(())
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                if let index = state.waiting.firstIndex(where: { $0.number == number }) {
                    return state.waiting.remove(at: index).continuation
                }
                state.cancelled.insert(number)
                return nil
            }
            waiter?.resume(throwing: CancellationError())
        }
        return Held(of: self)
    }

    private func passOn() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            if state.waiting.isEmpty {
                state.isHeld = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }

    private final class Held: Lease {
        private let role: MemoryLease
        private let isReleased = Mutex(false)

        init(of role: MemoryLease) { self.role = role }

        func release() {
            let first = isReleased.withLock { released in
                defer { released = true }
                return !released
            }
            if first { role.passOn() }
        }
    }
}
