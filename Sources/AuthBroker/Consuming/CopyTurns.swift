// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// Lets deliveries be republished concurrently or, after the broker has closed the channel because of one of them, one
/// at a time: then the next close identifies the cause.
final class CopyTurns: Sendable {
    private struct State {
        var isOneByOne = false
        var running = 0
        /// How many deliveries were republished one at a time since the channel was closed.
        var taken = 0
        var waiting = WaiterList()

        var hasRoom: Bool { running == 0 || !isOneByOne }

        /// Removes the waiting tasks that may continue now.
        mutating func admit() -> [WaiterList.Waiter] {
            var admitted: [WaiterList.Waiter] = []
            while hasRoom, let waiter = waiting.removeFirst() {
                admitted.append(waiter)
                running += 1
            }
            return admitted
        }
    }

    /// After this many were republished one at a time, the cause is assumed to be gone.
    private static let enough = 32

    private let state = Mutex(State())

    /// Waits for a turn; every turn is ended by ``end(isTaken:)``.
    ///
    /// - Returns: Whether nothing else is republished meanwhile.
    /// - Throws: `CancellationError`
    func begin() async throws -> Bool {
        try await state.wait(in: \.waiting) { state in
            guard state.hasRoom, state.waiting.isEmpty else { return false }
            state.running += 1
            return true
        }
        return state.withLock { $0.isOneByOne && $0.running == 1 }
    }

    /// - Parameter isTaken: Whether the broker has confirmed the copies.
    func end(isTaken: Bool) {
        let admitted = state.withLock { state in
            state.running -= 1
            if isTaken { state.taken += 1 }
            if state.taken >= Self.enough { state.isOneByOne = false }
            return state.admit()
        }
        for continuation in admitted { continuation.resume() }
    }

    /// The broker has closed the channel because of one of the copies in flight.
    func goOneByOne() {
        state.withLock { state in
            state.isOneByOne = true
            state.taken = 0
        }
    }

    /// The cause was found.
    func goSideBySide() {
        let admitted = state.withLock { state in
            state.isOneByOne = false
            return state.admit()
        }
        for continuation in admitted { continuation.resume() }
    }
}
