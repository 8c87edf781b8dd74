// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct MailQueueTests {
    let clock = FixedClock()
    let store: SQLiteStore
    let context = SignalRequest(client: .app, ip: "192.0.2.7")
    var now: Date { clock.now() }

    init() throws { store = try .test(clock: clock) }

    private var sent: EmailConfirmationSent {
        EmailConfirmationSent(
            request: context,
            user: UserSnapshot(
                id: "u", email: "a@example.org", username: nil, isActive: true, dateJoined: now,
                lastLogin: nil),
            confirmation: ConfirmationSnapshot(
                method: .link,
                emailAddress: EmailAddressSnapshot(
                    id: "e", email: "a@example.org", verified: false, primary: true),
                expiresAt: now + 60),
            signup: true)
    }

    private func queue(_ to: String, onAccepted: EmailConfirmationSent? = nil) async throws {
        try await store.transaction { transaction in
            try transaction.queue(
                MailDraft(.emailConfirmation, to: to, values: ["url": "https://x"], onAccepted: onAccepted))
        }
    }

    private func due() async throws -> [QueuedMail] { try await store.dueMails(limit: 10, now: now) }

    @Test func `queued mails are due at once, in queue order`() async throws {
        for name in ["a", "b", "c"] { try await queue("\(name)@example.org", onAccepted: sent) }
        let mails = try await due()
        #expect(mails.map(\.draft.to) == ["a@example.org", "b@example.org", "c@example.org"])
        #expect(mails.first?.draft.onAccepted == sent.afterStorage)
        #expect(mails.first?.queuedAt == now)
        #expect(try await store.dueMails(limit: 2, now: now).count == 2)
        #expect(try await store.nextMailDue() == now)
    }

    @Test func `accepting a mail deletes it and emits its signal once`() async throws {
        try await queue("a@example.org", onAccepted: sent)
        let mail = try #require(try await due().first)
        clock.advance(by: .seconds(30))
        try await store.accepted(mail)
        try await store.accepted(mail)
        #expect(try await due().isEmpty)
        let rows = try await store.pending()
        #expect(rows.map(\.draft.name) == [EmailConfirmationSent.name])
        #expect(rows.first?.draft.time == now)
        #expect(rows.first?.draft.id != mail.id)
        #expect(rows.first?.draft.correlationID == context.id)
        #expect(rows.first?.draft.subject == "u")
        #expect(try await store.mailStatus() == MailStatus(pending: 0, oldestPending: nil, failed: 0))
    }

    @Test func `accepting a mail without a signal emits nothing`() async throws {
        try await queue("a@example.org")
        try await store.accepted(try #require(try await due().first))
        #expect(try await due().isEmpty)
        #expect(try await store.pending().isEmpty)
    }

    @Test func `a deferred mail is due again later, with the same id`() async throws {
        try await queue("a@example.org")
        let first = try #require(try await due().first)
        try await store.failed(first, reason: "451", retryAt: now + 60)
        #expect(try await due().isEmpty)
        #expect(try await store.nextMailDue() == now + 60)
        clock.advance(by: .seconds(60))
        let second = try #require(try await due().first)
        #expect(second.id == first.id)
        #expect(second.attempts == 1)
        #expect(second.queuedAt == first.queuedAt)
    }

    @Test func `a failed mail is no longer due and is counted as failed`() async throws {
        try await queue("a@example.org", onAccepted: sent)
        try await queue("b@example.org")
        try await store.failed(try #require(try await due().first), reason: "550", retryAt: nil)
        #expect(try await due().map(\.draft.to) == ["b@example.org"])
        #expect(try await store.mailStatus() == MailStatus(pending: 1, oldestPending: now, failed: 1))
        #expect(try await store.pending().isEmpty)
    }

    @Test func `stores the result of a send even if the loop's task is cancelled`()
        async throws
    {
        try await queue("a@example.org", onAccepted: sent)
        let mail = try #require(try await due().first)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.accepted(mail)
        }
        try await task.value
        #expect(try await store.pending().count == 1)
        #expect(try await store.mailStatus().pending == 0)
    }

    @Test func `mails survive a restart`() async throws {
        let folder = try TemporaryFolder()
        try await folder.store().transaction { transaction in
            try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: ["code": "X"]))
        }
        let mails = try await folder.store().dueMails(limit: 10, now: Date().addingTimeInterval(3600))
        #expect(mails.map(\.draft.values) == [["code": "X"]])
    }

    @Test func `a mail sealed with an unknown secret stays pending and does not block others`() async throws {
        let folder = try TemporaryFolder()
        let mail: @Sendable (SQLiteTransaction) throws -> Void = {
            try $0.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
        }
        let later = Date().addingTimeInterval(3600)
        try await folder.store(keys: KeyRing(secret: "lost")).transaction(mail)
        let store = try await folder.store()
        try await store.transaction(mail)
        #expect(try await store.dueMails(limit: 10, now: later).count == 1)
        #expect(try await store.mailStatus().pending == 2)
        let found = try await folder.store(keys: KeyRing(secret: "new", fallbacks: ["lost"]))
        #expect(try await found.dueMails(limit: 1, now: later.addingTimeInterval(601)).count == 1)
    }

    @Test func `a mail queued or deferred while the clock was far ahead is due now`() async throws {
        clock.advance(by: .seconds(86_400))
        for name in ["a", "b"] { try await queue("\(name)@example.org") }
        try await store.failed(try #require(try await due().first), reason: "451", retryAt: now + 3600)
        #expect(try await due().map(\.draft.to) == ["b@example.org"])
        clock.advance(by: .seconds(-86_340))
        #expect(try await due().map(\.draft.to) == ["a@example.org", "b@example.org"])
    }

    @Test func `a mail queued while the clock was slightly ahead is due now`() async throws {
        clock.advance(by: .seconds(600))
        try await queue("a@example.org")
        clock.advance(by: .seconds(-600))
        #expect(try await due().count == 1)
        // A deferred mail is not due before its next attempt.
        try await store.failed(try #require(try await due().first), reason: "451", retryAt: now + 3600)
        #expect(try await due().isEmpty)
    }
}

extension EmailConfirmationSent {
    /// The value as decoded from JSON, which includes the profile that it was encoded with.
    fileprivate var afterStorage: EmailConfirmationSent {
        var copy = self
        copy.request.profile = .standard
        return copy
    }
}
