// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Synchronization

/// A mail queue in memory; the test sets its clock and its errors.
final class MemoryMailQueue: MailQueue, WallClock {
    struct Fault: Error {}

    struct Entry {
        var mail: QueuedMail
        /// Nil: permanently failed.
        var dueAt: Date?
        var reason: String?
    }

    private struct State {
        var now = Samples.date
        var entries: [Entry] = []
        var accepted: [UUID] = []
        var failingCalls = 0
        var isHeld = false
        /// How many leases were granted, and how many of the first ones were lost.
        var leases = 0
        var lostLeases = 0
        var waiters: [AsyncStream<Void>.Continuation] = []
    }

    private struct Role: Lease {
        let queue: MemoryMailQueue
        let number: Int

        func release() {
            queue.state.withLock { state in
                if number > state.lostLeases { state.isHeld = false }
            }
        }

        func lost() async {
            while !Task.isCancelled, queue.state.withLock({ number > $0.lostLeases }) {
                try? await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    private let state = Mutex(State())

    func now() -> Date { state.withLock { $0.now } }
    func advance(by seconds: TimeInterval) {
        state.withLock { $0.now += seconds }
        wake()
    }

    func put(_ mails: QueuedMail...) {
        state.withLock { state in
            state.entries += mails.map { Entry(mail: $0, dueAt: $0.queuedAt) }
        }
        wake()
    }

    var entries: [Entry] { state.withLock { $0.entries } }
    var accepted: [UUID] { state.withLock { $0.accepted } }
    var isHeld: Bool { state.withLock { $0.isHeld } }
    func hold() { state.withLock { $0.isHeld = true } }
    /// Another process takes the lease from its holder, until ``letGo()``.
    func loseLease() { state.withLock { $0.lostLeases = $0.leases } }
    func letGo() { state.withLock { $0.isHeld = false } }
    /// Makes the next calls throw.
    func fail(calls: Int) { state.withLock { $0.failingCalls = calls } }

    private func wake() { for waiter in state.withLock({ $0.waiters }) { waiter.yield() } }

    private func mayFail() throws {
        try state.withLock { state in
            guard state.failingCalls > 0 else { return }
            state.failingCalls -= 1
            throw Fault()
        }
    }

    func acquireMailLease() async throws -> any Lease {
        while true {
            let number = state.withLock { state -> Int? in
                if state.isHeld { return nil }
                state.isHeld = true
                state.leases += 1
                return state.leases
            }
            if let number { return Role(queue: self, number: number) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func dueMails(limit: Int, now: Date) async throws -> [QueuedMail] {
        try mayFail()
        return state.withLock { state in
            state.entries.filter { entry in
                guard let dueAt = entry.dueAt else { return false }
                return dueAt <= now || dueAt > now.addingTimeInterval(QueuedMail.longestWait)
                    || entry.reason == nil
            }.prefix(limit).map(\.mail)
        }
    }

    func accepted(_ mail: QueuedMail) async throws {
        try mayFail()
        state.withLock { state in
            state.entries.removeAll { $0.mail.id == mail.id }
            state.accepted.append(mail.id)
        }
    }

    func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws {
        try mayFail()
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.mail.id == mail.id }) else { return }
            state.entries[index].mail.attempts += 1
            state.entries[index].dueAt = retryAt
            state.entries[index].reason = reason
        }
    }

    func mailWakeUps() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.waiters.append(continuation) }
        return stream
    }

    func nextMailDue() async throws -> Date? { state.withLock { $0.entries.compactMap(\.dueAt).min() } }

    func mailStatus() async throws -> MailStatus {
        state.withLock { state in
            let pending = state.entries.filter { $0.dueAt != nil }
            return MailStatus(
                pending: pending.count, oldestPending: pending.map(\.mail.queuedAt).min(),
                failed: state.entries.count - pending.count)
        }
    }
}
