// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

extension OutboxConformance {
    static let relaying: [Sentence] = [
        Sentence("The relay lease has one holder at a time, the next one after its release") { subject in
            let first = try await subject.outbox.acquireRelayLease()
            let isHeld = Locked(true)
            let outbox = subject.outbox
            let second = Task {
                let role = try await outbox.acquireRelayLease()
                return (role, isHeld.value)
            }
            // Enough time for a second call that does not wait.
            for _ in 0..<100 { await Task.yield() }
            isHeld.change { $0 = false }
            first.release()
            let (role, wasHeld) = try await second.value
            #expect(!wasHeld)
            role.release()
        },
        Sentence("Releasing a lease twice releases it once") { subject in
            let first = try await subject.outbox.acquireRelayLease()
            first.release()
            let second = try await subject.outbox.acquireRelayLease()
            first.release()
            let outbox = subject.outbox
            let third = Task { try await outbox.acquireRelayLease() }
            third.cancel()
            await #expect(throws: CancellationError.self) { try await third.value }
            second.release()
        },
        Sentence("A task that waits for the lease can be cancelled, and those behind it get it") { subject in
            let first = try await subject.outbox.acquireRelayLease()
            let outbox = subject.outbox
            let second = Task { try await outbox.acquireRelayLease() }
            let third = Task { try await outbox.acquireRelayLease() }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            first.release()
            try await third.value.release()
        },
        Sentence("A lost lease is reported to its holder, and can be acquired again") { subject in
            guard let loseLease = subject.loseLease else { return }
            let first = try await subject.outbox.acquireRelayLease()
            let isLost = Locked(false)
            let watch = Task {
                await first.lost()
                isLost.change { $0 = !Task.isCancelled }
            }
            defer { watch.cancel() }
            try await loseLease()
            try await eventually("the loss is reported") { isLost.value }
            let second = try await subject.outbox.acquireRelayLease()
            // The former holder must not release the lease of the next one.
            first.release()
            let outbox = subject.outbox
            let third = Task { try await outbox.acquireRelayLease() }
            third.cancel()
            await #expect(throws: CancellationError.self) { try await third.value }
            second.release()
        },
        Sentence("Waiting for the loss of a lease can be cancelled") { subject in
            let lease = try await subject.outbox.acquireRelayLease()
            let watch = Task { await lease.lost() }
            watch.cancel()
            await watch.value
            lease.release()
        },
        Sentence("Each stream of wake-ups yields a value after one or more commits") { subject in
            let streams = [subject.outbox.wakeUps(), subject.outbox.wakeUps()]
            let woken = Locked(0)
            let tasks = streams.map { stream in
                Task {
                    for await _ in stream {
                        woken.change { $0 += 1 }
                        break
                    }
                }
            }
            defer { for task in tasks { task.cancel() } }
            try await eventually("both streams were woken") {
                try await subject.commit([.test(1)])
                return woken.value == 2
            }
        },
        Sentence("A wake-up is kept for a reader that starts after the commit") { subject in
            let stream = subject.outbox.wakeUps()
            try await subject.commit([.test(1), .test(2)])
            let woken = Locked(false)
            let task = Task {
                for await _ in stream {
                    woken.change { $0 = true }
                    break
                }
            }
            defer { task.cancel() }
            try await eventually("the stream was woken") { woken.value }
        },
    ]
}
