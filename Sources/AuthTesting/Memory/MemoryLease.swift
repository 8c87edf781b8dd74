// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A lease with one holder at a time; others wait in first-in, first-out order. A test can take it from its holder.
final class MemoryLease: Sendable {
    private struct State {
        /// How many holders there were; the last one's number.
        var last = 0
        /// The number of the present holder.
        var holder: Int?
        /// The holders that have lost the lease.
        var lost: Set<Int> = []
        var waiting = WaiterList()
        var waitingForLoss = WaiterList()

        mutating func grant() {
            last += 1
            holder = last
        }

        /// - Returns: the task that holds the lease from now on.
        mutating func passOn() -> WaiterList.Waiter? {
            holder = nil
            let next = waiting.removeFirst()
            if next != nil { grant() }
            return next
        }
    }
    private let state = Mutex(State())

    /// - Throws: `CancellationError`
    func acquire() async throws -> any Lease {
        try await state.wait(in: \.waiting) { state in
            if state.holder != nil { return false }
            state.grant()
            return true
        }
        return Held(of: self, number: state.withLock { $0.last })
    }

    /// Whether a task waits for the lease.
    var isAwaited: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Takes the lease from its holder, if it is held.
    func lose() {
        let (next, losers) = state.withLock { state -> (WaiterList.Waiter?, [WaiterList.Waiter]) in
            guard let holder = state.holder else { return (nil, []) }
            state.lost.insert(holder)
            return (state.passOn(), state.waitingForLoss.removeAll())
        }
        for loser in losers { loser.resume() }
        next?.resume()
    }

    private func release(_ number: Int) {
        let next = state.withLock { $0.holder == number ? $0.passOn() : nil }
        next?.resume()
    }

    private func lost(_ number: Int) async {
        while !Task.isCancelled, !state.withLock({ $0.lost.contains(number) }) {
            try? await state.wait(in: \.waitingForLoss) { $0.lost.contains(number) }
        }
    }

    private struct Held: Lease {
        let lease: MemoryLease
        let number: Int

        init(of lease: MemoryLease, number: Int) {
            self.lease = lease
            self.number = number
        }

        func release() { lease.release(number) }
        func lost() async { await lease.lost(number) }
    }
}
