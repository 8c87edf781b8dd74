// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A lease with one holder at a time; others wait in first-in, first-out order.
final class MemoryLease: Sendable {
    private struct State {
        var isHeld = false
        var waiting = WaiterList()
    }
    private let state = Mutex(State())

    /// - Throws: `CancellationError`
    func acquire() async throws -> any Lease {
        try await state.wait(in: \.waiting) { state in
            if state.isHeld { return false }
            state.isHeld = true
            return true
        }
        return Held(of: self)
    }

    private func passOn() {
        let next = state.withLock { state in
            let next = state.waiting.removeFirst()
            state.isHeld = next != nil
            return next
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
