// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite("Pausing and erasing") struct OutboxOperatorTests {
    @Test func `the store persists a pause and its start until it is resumed`() async throws {
        let folder = try TemporaryFolder()
        let clock = FixedClock()
        let store = try await folder.store(clock: clock)
        #expect(try await store.pausedSince() == nil)
        let since = clock.now().wholeMilliseconds
        try await store.pauseOutbox()
        clock.advance(by: .seconds(5))
        #expect(try await store.pauseOutbox() == since)
        let other = try await folder.store()
        #expect(try await other.pausedSince() == since)
        #expect(try await other.status().pausedSince == since)
        try await other.resumeOutbox()
        #expect(try await store.pausedSince() == nil)
    }

    @Test func `erases all rows of a subject and no others, and verification succeeds`()
        async throws
    {
        let store = try SQLiteStore.test()
        for number in 1...8 { try await store.emit(number, of: number.isMultiple(of: 2) ? "ada" : "bob") }
        try await store.settle(.confirmed, 1, 2)
        try await store.settle(.unrouted, 3, 4)
        try await store.settle(.parked(reason: "no"), 5, 6)
        let erasure = try await store.erase(subject: "ada")
        #expect(erasure.pending == 1)
        #expect(erasure.settled == 3)
        let all = try await store.outboxRecords(OutboxFilter(Set(OutboxRecord.State.allCases)))
        #expect(all.map(\.row.sequence) == [1, 3, 5, 7])
        #expect(try await store.status().erased == 1)
        #expect(try await store.verifyOutbox().faults == [])
        #expect(try await store.erase(subject: "ada").settled == 0)
        // The relay had the row in flight.
        try await store.settle(.confirmed, 8)
        #expect(try await store.verifyOutbox().faults == [])
    }

    @Test func `no byte of an erased row remains in the store's files`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let ada = "planted-\(UUID().uuidString)"
        for number in 1...50 { try await store.emit(number, of: ada) }
        try await store.settle(
            (1...25).map { OutboxSettlement(sequence: $0, result: .confirmed, at: Date()) })
        #expect(try folder.allBytes().range(of: Data(ada.utf8)) != nil)
        _ = try await store.erase(subject: ada)
        #expect(try folder.allBytes().range(of: Data(ada.utf8)) == nil)
    }

    @Test func `erases pending and failed mails to a user's addresses`() async throws {
        let store = try SQLiteStore.test()
        let ada = UUID()
        try await store.transaction { transaction in
            try transaction.database.execute(
                sql: "INSERT INTO auth_user (id, is_active, date_joined) VALUES (?, 1, 0)", arguments: [ada])
            try transaction.database.execute(
                sql: """
                    INSERT INTO auth_email_address (id, user_id, email, email_key, verified, is_primary)
                    VALUES (?, ?, 'ada@example.org', 'ada@example.org', 1, 1)
                    """, arguments: [UUID(), ada])
            for address in ["ada@example.org", "Ada@example.org", "bob@example.org"] {
                try transaction.queue(MailDraft(.passwordChanged, to: address, values: [:]))
            }
        }
        let mails = try await store.dueMails(limit: 10, now: .distantFuture)
        try await store.failed(try #require(mails.first), reason: "no", retryAt: nil)
        #expect(try await store.erase(subject: ada.wireText).mails == 2)
        #expect(
            try await store.dueMails(limit: 10, now: .distantFuture).map(\.draft.to) == ["bob@example.org"])
        #expect(try await store.mailStatus().failed == 0)
    }

    @Test func `a mail that names its account is erased with that account only`() async throws {
        let store = try SQLiteStore.test()
        let (ada, mallory) = (UUID(), UUID())
        try await store.transaction { transaction in
            for (user, isVerified) in [(ada, true), (mallory, false)] {
                try transaction.database.execute(
                    sql: "INSERT INTO auth_user (id, is_active, date_joined) VALUES (?, 1, 0)",
                    arguments: [user])
                try transaction.database.execute(
                    sql: """
                        INSERT INTO auth_email_address (id, user_id, email, email_key, verified, is_primary)
                        VALUES (?, ?, 'ada@example.org', 'ada@example.org', ?, 1)
                        """, arguments: [UUID(), user, isVerified])
            }
            // Mallory has added Ada's address; a mail of hers went to an address that she has no more.
            for (address, subject) in [
                ("ada@example.org", ada.wireText), ("ada@example.org", nil),
                ("former@example.org", mallory.wireText),
            ] {
                try transaction.queue(
                    MailDraft(.passwordResetKey, to: address, values: [:], subject: subject))
            }
        }
        #expect(try await store.erase(subject: mallory.wireText).mails == 1)
        let left = try await store.dueMails(limit: 10, now: .distantFuture)
        #expect(left.map(\.draft.to) == ["ada@example.org", "ada@example.org"])
        #expect(try await store.erase(subject: ada.wireText).mails == 2)
    }
}
