// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

/// The contract of a `MailQueue` and of an operator's calls on failed mails, as a list of checks that every
/// implementation must pass.
public enum MailQueueConformance {
    public typealias Sentence = ContractSentence<TestDatabase>

    /// All rules.
    public static let sentences = queueing + failing + waiting

    private static let context = SignalRequest(client: .app, ip: "192.0.2.7")

    private static func sent(_ now: Date) -> EmailConfirmationSent {
        EmailConfirmationSent(
            request: context,
            user: UserSnapshot(
                id: "u", email: "a@example.org", username: nil, isActive: true, dateJoined: now,
                lastLogin: nil),
            confirmation: ConfirmationSnapshot(
                method: .link,
                emailAddress: EmailAddressSnapshot(
                    id: "e", email: "a@example.org", verified: false, primary: true),
                expiresAt: now.addingTimeInterval(60)),
            signup: true)
    }

    static let queueing: [Sentence] = [
        Sentence("Queued mails are due at once, in queue order") { database in
            let store = try await database.store()
            let now = FixedClock.start
            for name in ["a", "b", "c"] { try await store.queue("\(name)@example.org", sent(now)) }
            let mails = try await store.due(now)
            #expect(mails.map(\.draft.to) == ["a@example.org", "b@example.org", "c@example.org"])
            #expect(mails.first?.draft.onAccepted == sent(now).afterStorage)
            #expect(mails.first?.draft.values == ["url": "https://x"])
            #expect(mails.first?.queuedAt == now)
            #expect(mails.first?.attempts == 0)
            #expect(try await store.dueMails(limit: 2, now: now).count == 2)
            #expect(try await store.nextMailDue() == now)
        },
        Sentence("Accepting a mail deletes it and emits its signal once") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            try await store.queue("a@example.org", sent(clock.now()))
            let mail = try #require(try await store.due(clock.now()).first)
            clock.advance(by: .seconds(30))
            try await store.accepted(mail)
            try await store.accepted(mail)
            #expect(try await store.due(clock.now()).isEmpty)
            let rows = try await store.pending()
            #expect(rows.map(\.draft.name) == [EmailConfirmationSent.name])
            #expect(rows.first?.draft.time == clock.now())
            #expect(rows.first?.draft.id != mail.id)
            #expect(rows.first?.draft.correlationID == context.id)
            #expect(rows.first?.draft.subject == "u")
            #expect(try await store.mailStatus() == MailStatus(pending: 0, oldestPending: nil, failed: 0))
        },
        Sentence("Of many processes that accept a mail at once only one emits its signal") { database in
            let stores = [try await database.store(), try await database.store()]
            try await stores[0].queue("a@example.org", sent(FixedClock.start))
            let mail = try #require(try await stores[0].due(FixedClock.start).first)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 { group.addTask { try await stores[index % 2].accepted(mail) } }
                try await group.waitForAll()
            }
            #expect(try await stores[0].pending().count == 1)
        },
        Sentence("Accepting a mail without a signal emits nothing") { database in
            let store = try await database.store()
            try await store.queue("a@example.org")
            try await store.accepted(try #require(try await store.due(FixedClock.start).first))
            #expect(try await store.due(FixedClock.start).isEmpty)
            #expect(try await store.pending().isEmpty)
        },
        Sentence("The result of a send is stored even if the loop's task is cancelled") { database in
            let store = try await database.store()
            try await store.queue("a@example.org", sent(FixedClock.start))
            let mail = try #require(try await store.due(FixedClock.start).first)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.accepted(mail)
            }
            try await task.value
            #expect(try await store.pending().count == 1)
            #expect(try await store.mailStatus().pending == 0)
        },
        Sentence("Mails survive a restart") { database in
            try await database.store().transaction { transaction in
                try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: ["code": "X"]))
            }
            let mails = try await database.store().due(FixedClock.start)
            #expect(mails.map(\.draft.values) == [["code": "X"]])
        },
        Sentence("A mail keeps its language, and one without a language has none") { database in
            let store = try await database.store()
            try await store.transaction { transaction in
                for language in [Language.german, .english, nil] {
                    try transaction.queue(
                        MailDraft(.loginCode, to: "a@example.org", values: [:], language: language))
                }
            }
            #expect(try await store.due(FixedClock.start).map(\.draft.language) == [.german, .english, nil])
        },
        Sentence("A mail sealed with an unknown secret stays pending and does not block others") { database in
            let start = FixedClock.start
            let mailer = try await database.store { $0.keys = KeyRing(secret: "lost") }
            try await mailer.queue("a@example.org")
            let store = try await database.store { $0.keys = KeyRing(secret: "new") }
            try await store.queue("b@example.org")
            let later = start.addingTimeInterval(3600)
            #expect(try await store.due(later).map(\.draft.to) == ["b@example.org"])
            #expect(try await store.mailStatus().pending == 2)
            let found = try await database.store { $0.keys = KeyRing(secret: "new", fallbacks: ["lost"]) }
            let mails = try await found.dueMails(limit: 1, now: later.addingTimeInterval(601))
            #expect(mails.map(\.draft.to) == ["a@example.org"])
        },
    ]
}

extension OperatedStore {
    /// Queues a mail.
    func queue(_ email: String, _ onAccepted: EmailConfirmationSent? = nil) async throws {
        try await transaction { transaction in
            try transaction.queue(
                MailDraft(
                    .emailConfirmation, to: email, values: ["url": "https://x"], onAccepted: onAccepted))
        }
    }

    func due(_ now: Date) async throws -> [QueuedMail] { try await dueMails(limit: 10, now: now) }
}

extension EmailConfirmationSent {
    /// The value as decoded from JSON, which includes the profile that it was encoded with.
    fileprivate var afterStorage: EmailConfirmationSent {
        var copy = self
        copy.request.profile = .standard
        return copy
    }
}
