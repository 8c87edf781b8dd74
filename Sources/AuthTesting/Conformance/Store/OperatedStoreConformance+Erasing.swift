// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension OperatedStoreConformance {
    /// Foundation writes a UUID in upper case, the wire format in lower case; both are the same subject.
    private static func sameSubject(isUpper: Bool) -> Sentence {
        Sentence("\(isUpper ? "An upper-case" : "A lower-case") UUID finds the rows of both spellings") {
            database in
            let store = try await database.store()
            let user = User.test()
            try await store.emit(1, of: "\(user.id)")
            try await store.emit(2, of: user.subject)
            try await store.emit(3, of: "invoice-A")
            let rows = try await store.pending()
            #expect(rows.map(\.draft.subject) == [user.subject, user.subject, "invoice-A"])
            let asked = isUpper ? user.id.uuidString : user.subject
            let records = try await store.records(OutboxFilter([.pending], subject: asked))
            #expect(records.map(\.row.number) == [1, 2])
            #expect(try await store.rows(ofSubject: asked, after: 0, limit: 10).map(\.number) == [1, 2])
            #expect(try await store.erase(subject: asked).pending == 2)
            #expect(try await store.pending().map(\.number) == [3])
        }
    }

    static let erasing: [Sentence] = [
        sameSubject(isUpper: true), sameSubject(isUpper: false),
        Sentence("Erases all rows of a subject and no others, and verification succeeds") { database in
            let store = try await database.store()
            for number in 1...8 {
                try await store.emit(number, of: number.isMultiple(of: 2) ? "ada" : "bob")
            }
            try await store.pending()
            try await store.settle(.confirmed, 1, 2)
            try await store.settle(.unrouted, 3, 4)
            try await store.settle(.parked(reason: "no"), 5, 6)
            let erasure = try await store.erase(subject: "ada")
            #expect(erasure.pending == 1)
            #expect(erasure.settled == 3)
            #expect(try await store.records(everything).map(\.row.sequence) == [1, 3, 5, 7])
            #expect(try await store.status().erased == 1)
            #expect(try await store.verifyOutbox().faults == [])
            #expect(try await store.erase(subject: "ada").settled == 0)
            // The relay had the row in flight.
            try await store.settle(.confirmed, 8)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Erases rows that no relay has read yet, and accounts for their numbers") { database in
            let store = try await database.store()
            try await store.emit(1, of: "bob")
            try await store.emit(2, of: "ada")
            #expect(try await store.erase(subject: "ada").pending == 1)
            try await store.emit(3, of: "bob")
            let rows = try await store.pending()
            #expect(rows.map(\.number) == [1, 3])
            #expect(rows[0].sequence < rows[1].sequence)
            let status = try await store.status()
            #expect(status.erased == 1)
            #expect(status.emitted == 3)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Erases pending and failed mails to a user's addresses") { database in
            let store = try await database.store()
            let ada = User.test()
            try await store.transaction { transaction in
                try transaction.insert(ada)
                try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
                for address in ["ada@example.org", "Ada@example.org", "bob@example.org"] {
                    try transaction.queue(MailDraft(.passwordChanged, to: address, values: [:]))
                }
            }
            let mails = try await store.due(FixedClock.start)
            try await store.failed(try #require(mails.first), reason: "no", retryAt: nil)
            #expect(try await store.erase(subject: ada.subject).mails == 2)
            #expect(try await store.due(FixedClock.start).map(\.draft.to) == ["bob@example.org"])
            #expect(try await store.mailStatus().failed == 0)
        },
        Sentence("A mail that names its account is erased with that account only") { database in
            let store = try await database.store()
            let (ada, mallory) = (User.test(), User.test())
            try await store.transaction { transaction in
                for (user, isVerified) in [(ada, true), (mallory, false)] {
                    try transaction.insert(user)
                    try transaction.insert(
                        user.address("ada@example.org", verified: isVerified, primary: true))
                }
                // Mallory has added Ada's address; a mail of hers went to an address that she has no more.
                for (address, subject) in [
                    ("ada@example.org", ada.subject), ("ada@example.org", nil),
                    ("former@example.org", mallory.subject),
                ] {
                    try transaction.queue(
                        MailDraft(.passwordResetKey, to: address, values: [:], subject: subject))
                }
            }
            #expect(try await store.erase(subject: mallory.subject).mails == 1)
            let left = try await store.due(FixedClock.start)
            #expect(left.map(\.draft.to) == ["ada@example.org", "ada@example.org"])
            #expect(try await store.erase(subject: ada.subject).mails == 2)
        },
        Sentence("An erasure counts the mails that cannot be decrypted") { database in
            try await database.store { $0.keys = KeyRing(secret: "the first secret of this test") }
                .queue("a@example.org")
            let other = try await database.store { $0.keys = KeyRing(secret: "another secret of this test") }
            let erasure = try await other.erase(subject: User.test().subject)
            #expect(erasure.mails == 0)
            #expect(erasure.sealedMails == 1)
        },
    ]
}
