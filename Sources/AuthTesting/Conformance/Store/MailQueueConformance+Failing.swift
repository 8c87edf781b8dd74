// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension MailQueueConformance {
    static let failing: [Sentence] = [
        Sentence("A deferred mail is due again later, with the same id") { database in
            let store = try await database.store()
            let (now, later) = (FixedClock.start, FixedClock.start.addingTimeInterval(60))
            try await store.queue("a@example.org")
            let first = try #require(try await store.due(now).first)
            try await store.failed(first, reason: "451", retryAt: later)
            #expect(try await store.due(now).isEmpty)
            #expect(try await store.nextMailDue() == later)
            let second = try #require(try await store.due(later).first)
            #expect(second.id == first.id)
            #expect(second.attempts == 1)
            #expect(second.queuedAt == first.queuedAt)
        },
        Sentence("A failed mail is no longer due and is counted as failed") { database in
            let store = try await database.store()
            let now = FixedClock.start
            for name in ["a", "b"] { try await store.queue("\(name)@example.org") }
            try await store.failed(try #require(try await store.due(now).first), reason: "550", retryAt: nil)
            #expect(try await store.due(now).map(\.draft.to) == ["b@example.org"])
            #expect(try await store.mailStatus() == MailStatus(pending: 1, oldestPending: now, failed: 1))
            #expect(try await store.pending().isEmpty)
        },
        Sentence("An operator sees the failed mails in queue order, and can retry or drop each") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            let queuedAt = clock.now()
            for name in ["a", "b", "c"] { try await store.queue("\(name)@example.org") }
            let mails = try await store.due(clock.now())
            clock.advance(by: .seconds(5))
            for mail in mails.reversed() { try await store.failed(mail, reason: "550 no", retryAt: nil) }
            let failed = try await store.failedMails(ids: nil)
            #expect(failed.map(\.id) == mails.map(\.id))
            #expect(failed.map { $0.draft?.to } == mails.map(\.draft.to))
            #expect(failed.map(\.reason) == ["550 no", "550 no", "550 no"])
            #expect(failed.allSatisfy { $0.attempts == 1 && $0.queuedAt == queuedAt })
            #expect(failed.allSatisfy { $0.failedAt == clock.now() })
            #expect(try await store.failedMails(ids: [mails[1].id]).map(\.id) == [mails[1].id])

            #expect(try await store.retryMails([mails[0].id, .version7()]) == 1)
            #expect(try await store.retryMails([mails[0].id]) == 0)
            let again = try await store.due(clock.now())
            #expect(again.map(\.id) == [mails[0].id])
            #expect(again.map(\.attempts) == [0])
            #expect(try await store.dropMails([mails[0].id, mails[1].id]) == 1)
            #expect(try await store.failedMails(ids: nil).map(\.id) == [mails[2].id])
            #expect(try await store.due(clock.now()).map(\.id) == [mails[0].id])
        },
        Sentence("A failed mail that cannot be decrypted is listed without its draft") { database in
            let mailer = try await database.store { $0.keys = KeyRing(secret: "lost") }
            try await mailer.queue("a@example.org")
            let mail = try #require(try await mailer.due(FixedClock.start).first)
            try await mailer.failed(mail, reason: "550", retryAt: nil)
            let failed = try await database.store().failedMails(ids: nil)
            #expect(failed.map(\.id) == [mail.id])
            #expect(failed.map { $0.draft == nil } == [true])
        },
        Sentence("A mail queued or deferred while the clock was far ahead is due now") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            clock.advance(by: .seconds(86_400))
            for name in ["a", "b"] { try await store.queue("\(name)@example.org") }
            let mail = try #require(try await store.due(clock.now()).first)
            try await store.failed(mail, reason: "451", retryAt: clock.now().addingTimeInterval(3600))
            #expect(try await store.due(clock.now()).map(\.draft.to) == ["b@example.org"])
            clock.advance(by: .seconds(-86_340))
            #expect(try await store.due(clock.now()).map(\.draft.to) == ["a@example.org", "b@example.org"])
        },
        Sentence("A mail queued while the clock was slightly ahead is due now") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            clock.advance(by: .seconds(600))
            try await store.queue("a@example.org")
            clock.advance(by: .seconds(-600))
            let mail = try #require(try await store.due(clock.now()).first)
            // A deferred mail is not due before its next attempt.
            try await store.failed(mail, reason: "451", retryAt: clock.now().addingTimeInterval(3600))
            #expect(try await store.due(clock.now()).isEmpty)
        },
    ]

    static let waiting: [Sentence] = [
        Sentence("The mail lease has one holder at a time, in all processes of the store") { database in
            let (one, other) = (try await database.store(), try await database.store())
            let lease = try await one.acquireMailLease()
            let isHeld = Locked(true)
            let next = Task {
                let lease = try await other.acquireMailLease()
                return (lease, isHeld.value)
            }
            // The other process tries again every fraction of a second.
            try await Task.sleep(for: .milliseconds(300))
            isHeld.change { $0 = false }
            lease.release()
            let (second, wasHeld) = try await next.value
            #expect(!wasHeld)
            second.release()
        },
        Sentence("The mail lease is independent of the relay lease") { database in
            let store = try await database.store()
            let relay = try await store.acquireRelayLease()
            let mail = try await store.acquireMailLease()
            mail.release()
            relay.release()
        },
        Sentence("A task that waits for the mail lease can be cancelled") { database in
            let store = try await database.store()
            let lease = try await store.acquireMailLease()
            let waiting = Task { try await store.acquireMailLease() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            lease.release()
        },
        Sentence("A queued mail wakes the mail loop of each process") { database in
            let (one, other) = (try await database.store(), try await database.store())
            let streams = [one.mailWakeUps(), other.mailWakeUps()]
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
            try await one.queue("a@example.org")
            try await eventually("both loops were woken") { woken.value == 2 }
        },
        Sentence("Retrying failed mails wakes the mail loop") { database in
            let store = try await database.store()
            try await store.queue("a@example.org")
            let mail = try #require(try await store.due(FixedClock.start).first)
            try await store.failed(mail, reason: "550", retryAt: nil)
            let stream = store.mailWakeUps()
            let woken = Locked(false)
            let task = Task {
                for await _ in stream {
                    woken.change { $0 = true }
                    break
                }
            }
            defer { task.cancel() }
            _ = try await store.retryMails([mail.id])
            try await eventually("the loop was woken") { woken.value }
        },
    ]
}
