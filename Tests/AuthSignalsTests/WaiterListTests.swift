// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization
import Testing
import ToolSupport

@Suite struct WaiterListTests {
    private final class Gate: Sendable {
        struct State {
            var isOpen = false
            var checks = 0
            var ended = 0
            var waiters = WaiterList()
        }
        let state = Mutex(State())

        func pass() async throws {
            try await state.wait(in: \.waiters) { state in
                state.checks += 1
                return state.isOpen
            }
        }

        /// Returns when that many tasks wait.
        func awaitChecks(_ count: Int) async {
            while state.withLock({ $0.checks }) < count { await Task.yield() }
        }
    }

    private struct Closed: Error {}

    private let gate = Gate()

    @Test func `a wait ends immediately if the condition holds`() async throws {
        gate.state.withLock { $0.isOpen = true }
        try await gate.pass()
        #expect(gate.state.withLock { $0.waiters.isEmpty })
    }

    @Test func `tasks are removed in the order in which they began to wait`() async throws {
        let (passed, continuation) = AsyncStream.makeStream(of: Int.self)
        for number in 1...3 {
            Task {
                try await gate.pass()
                continuation.yield(number)
            }
            await gate.awaitChecks(number)
        }
        var order = passed.makeAsyncIterator()
        for number in 1...3 {
            gate.state.withLock { $0.waiters.removeFirst() }?.resume()
            #expect(await order.next() == number)
        }
        #expect(gate.state.withLock { $0.waiters.removeFirst() } == nil)
    }

    @Test func `all tasks are resumed with the given result`() async throws {
        let tasks = (0..<3).map { _ in Task { try await gate.pass() } }
        await gate.awaitChecks(3)
        let waiters = gate.state.withLock { $0.waiters.removeAll() }
        #expect(waiters.count == 3)
        for waiter in waiters { waiter.resume(throwing: Closed()) }
        for task in tasks { await #expect(throws: Closed.self) { try await task.value } }
    }

    @Test func `a waiting task that is cancelled throws, and the others still wait`() async throws {
        let first = Task { try await gate.pass() }
        await gate.awaitChecks(1)
        let second = Task { try await gate.pass() }
        await gate.awaitChecks(2)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        let rest = gate.state.withLock { $0.waiters.removeAll() }
        #expect(rest.count == 1)
        for waiter in rest { waiter.resume() }
        try await second.value
    }

    @Test func `a task that is already cancelled throws without checking the condition`() async throws {
        gate.state.withLock { $0.isOpen = true }
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await gate.pass()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(gate.state.withLock { $0.checks } == 0)
    }

    @Test func `an error of the condition is thrown`() async throws {
        await #expect(throws: Closed.self) {
            try await gate.state.wait(in: \.waiters) { _ in throw Closed() }
        }
        #expect(gate.state.withLock { $0.waiters.isEmpty })
    }

    @Test func `concurrent cancels and resumes end every wait once`() async {
        let tasks = (0..<500).map { _ in
            Task {
                try? await gate.pass()
                gate.state.withLock { $0.ended += 1 }
            }
        }
        let cancelling = Task {
            var generator = SeededGenerator(seed: TestSeed.value)
            for task in tasks where generator.oneIn(2) { task.cancel() }
        }
        while gate.state.withLock({ $0.ended }) < tasks.count {
            gate.state.withLock { $0.waiters.removeFirst() }?.resume()
            await Task.yield()
        }
        await cancelling.value
    }
}
