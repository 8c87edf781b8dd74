// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

extension OutboxConformance {
    static let relaying: [Sentence] = [
        Sentence("One relays at a time, and the next one when the first gives the right back") { subject in
            let first = try await subject.outbox.acquireRelayRole()
            let isHeld = Locked(true)
            let outbox = subject.outbox
            let second = Task {
                let role = try await outbox.acquireRelayRole()
                return (role, isHeld.value)
            }
            // As much time as a second one would need that does not wait.
            for _ in 0..<100 { await Task.yield() }
            isHeld.change { $0 = false }
            first.release()
            let (role, wasHeld) = try await second.value
            #expect(!wasHeld)
            role.release()
        },
        Sentence("Giving the right back twice gives it back once") { subject in
            let first = try await subject.outbox.acquireRelayRole()
            first.release()
            let second = try await subject.outbox.acquireRelayRole()
            first.release()
            let outbox = subject.outbox
            let third = Task { try await outbox.acquireRelayRole() }
            third.cancel()
            await #expect(throws: CancellationError.self) { try await third.value }
            second.release()
        },
        Sentence("One that waits for the right can be cancelled, and those behind it go on") { subject in
            let first = try await subject.outbox.acquireRelayRole()
            let outbox = subject.outbox
            let second = Task { try await outbox.acquireRelayRole() }
            let third = Task { try await outbox.acquireRelayRole() }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            first.release()
            try await third.value.release()
        },
        Sentence("Each stream of wake-ups gets a value after a commit, which may stand for many") { subject in
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
        Sentence("A wake-up of a commit is there for one who looks only later") { subject in
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
