// SPDX-License-Identifier: Apache-2.0
@testable import AuthFlows
import AuthTesting
import Dispatch
import Foundation
import Testing

@Suite struct HashingThreadsTests {
    @Test func `hashing runs on its own threads with lower priority`() async throws {
        let threads = threads(count: 1)
        let niceness = try await threads.run { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
        #expect(niceness == min(19, getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) + 10))
    }

    @Test func `other work continues while every hashing thread is busy and more hashes wait`() async throws {
        // More than the threads of Swift's pool, however many cores the machine has.
        let many = 4 * ProcessInfo.processInfo.activeProcessorCount
        let door = Door()
        let hasher = PasswordHasher(
            cost: World.cheap, concurrency: many, queueLimit: many, longestWait: .seconds(3600),
            schemes: [door])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(2 * many) {
                group.addTask { _ = try await hasher.verify(Password("x"), Door.hash) }
            }
            try await door.waitUntilEntered(many)
            // Swift's cooperative pool, and the libdispatch queues that the store uses for files.
            let task = Task.detached { 1 }
            #expect(await task.value == 1)
            let block: Int = await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: 2) }
            }
            #expect(block == 2)
            for _ in 0..<(2 * many) { door.open() }
            try await group.waitForAll()
        }
    }

    @Test func `rejects a password at once with a retry time if it would wait too long`()
        async throws
    {
        let gate = Gate()
        // The clock stands still: on a slow machine, too, no waiting task has waited too long.
        let start = ContinuousClock.now
        let threads = threads(count: 2, longestWait: .seconds(5), estimate: .seconds(3)) { start }
        let running = try await gate.fill(threads, 2)
        // Three seconds each on two threads: the first waits 1.5 s, the third 4.5 s, the fourth would wait 6 s.
        let waiting = (0..<3).map { _ in Task { try await threads.run {} } }
        try await eventually("three tasks wait") { threads.waitingCount == 3 }
        await #expect(throws: PasswordHasherError(retryAfter: 6)) { try await threads.run {} }
        gate.open()
        for task in running + waiting { try await task.value }
        // The queue has capacity again.
        try await threads.run {}
    }

    @Test func `rejects a password that has waited too long when its turn comes`() async throws {
        let gate = Gate()
        let clock = Locked(ContinuousClock.now)
        let threads = threads(count: 1, longestWait: .seconds(5)) { clock.value }
        let running = try await gate.fill(threads, 1)
        let hashed = Locked(0)
        let late = Task { try await threads.run { hashed.change { $0 += 1 } } }
        try await eventually("the task waits") { threads.waitingCount == 1 }
        clock.change { $0 += .seconds(6) }
        gate.open()
        for task in running { try await task.value }
        await #expect(throws: PasswordHasherError.self) { try await late.value }
        #expect(hashed.value == 0)
    }

    @Test func `the retry time follows the measured duration of hashes`() async throws {
        let clock = Locked(ContinuousClock.now)
        let threads = threads(count: 1, longestWait: .seconds(5), estimate: .zero) { clock.value }
        for _ in 0..<40 { try await threads.run { clock.change { $0 += .seconds(8) } } }
        let gate = Gate()
        let running = try await gate.fill(threads, 1)
        await #expect(throws: PasswordHasherError(retryAfter: 8)) { try await threads.run {} }
        gate.open()
        for task in running { try await task.value }
    }

    @Test func `a password whose caller disconnected leaves the queue and is not hashed`() async throws {
        let gate = Gate()
        let threads = threads(count: 1)
        let running = try await gate.fill(threads, 1)
        let (caller, other) = (CallerPresence(), CallerPresence())
        let hashed = Locked(0)
        let waiting = [caller, caller, other].map { presence in
            Task {
                try await CallerPresence.$current.withValue(presence) {
                    try await threads.run { hashed.change { $0 += 1 } }
                }
            }
        }
        try await eventually("three tasks wait") { threads.waitingCount == 3 }
        caller.leave()
        caller.leave()
        #expect(threads.waitingCount == 1)
        for task in waiting.prefix(2) {
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        // A caller that disconnected before is rejected without waiting.
        await #expect(throws: CancellationError.self) {
            try await CallerPresence.$current.withValue(caller) {
                try await threads.run { hashed.change { $0 += 1 } }
            }
        }
        gate.open()
        for task in running + waiting.suffix(1) { try await task.value }
        #expect(hashed.value == 1)
    }

    @Test func `a client that only closes its sending side gets its result if nothing waits`() async throws {
        let caller = CallerPresence()
        caller.leave()
        let value = try await CallerPresence.$current.withValue(caller) {
            try await threads(count: 1).run { 7 }
        }
        #expect(value == 7)
    }

    @Test func `threads end with their hasher`() async throws {
        let ended = Locked(false)
        final class Witness: Sendable {
            let onEnd: @Sendable () -> Void
            init(_ onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
            deinit { onEnd() }
        }
        do {
            let threads = threads(count: 1)
            try await threads.run {
                // The values of a thread are released when it ends.
                Thread.current.threadDictionary["witness"] = Witness { ended.change { $0 = true } }
            }
        }
        try await eventually("the thread ended") { ended.value }
    }

    private func threads(
        count: Int, longestWait: Duration = .seconds(3600), estimate: Duration = .milliseconds(1),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) -> HashingThreads {
        HashingThreads(
            count: count, queueLimit: 100, longestWait: longestWait, estimate: estimate, now: now)
    }
}

/// Blocks hashing threads until it is opened; it stays open.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let entered = Locked(0)

    /// Occupies the given number of threads.
    func fill(_ threads: HashingThreads, _ count: Int) async throws -> [Task<Void, any Error>] {
        let tasks = (0..<count).map { _ in
            Task {
                try await threads.run {
                    self.entered.change { $0 += 1 }
                    _ = self.semaphore.wait(timeout: .now() + 60)
                    self.semaphore.signal()
                }
            }
        }
        try await eventually("\(count) threads are busy") { entered.value == count }
        return tasks
    }

    func open() { semaphore.signal() }
}
