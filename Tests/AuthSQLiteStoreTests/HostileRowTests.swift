// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

/// Values that another program may have written into the store. They are reported, and neither end the process nor
/// block other rows.
@Suite struct HostileRowTests {
    /// Three signals of one subject; the second is changed by SQL.
    private func changed(_ assignment: String) async throws -> SQLiteStore {
        let store = try SQLiteStore.test()
        for number in 1...3 { try await store.emit(number, of: "ada") }
        try await store.transaction { transaction in
            try transaction.database.execute(
                sql: "UPDATE auth_outbox SET \(assignment) WHERE sequence = 2")
        }
        return store
    }

    @Test(arguments: [
        "correlation_id = x'0102'", "correlation_id = x''", "name = 'NO NAME'", "name = ''",
        "trace = x'00'", "trace = CAST('{\"a\":1}' AS BLOB)", "trace = CAST('[[[[' AS BLOB)",
    ])
    func `a signal that cannot be read is skipped and stays in the outbox`(_ assignment: String) async throws
    {
        let store = try await changed(assignment)
        let page = try await store.rows(after: 0, limit: 100, now: Date())
        #expect(page.rows.map(\.sequence) == [1, 3])
        #expect(page.cursor == 3)
        #expect(try await store.rows(ofSubject: "ada", after: 0, limit: 100).map(\.sequence) == [1, 3])
        try await store.transaction { transaction in
            try transaction.database.execute(sql: "UPDATE auth_outbox SET not_before = 1")
        }
        #expect(try await store.dueRows(upTo: 9, limit: 100, now: Date()).map(\.sequence) == [1, 3])
        // Operators see the other rows.
        let records = try await store.outboxRecords(OutboxFilter([.pending]))
        #expect(records.map(\.row.sequence) == [1, 3])
        #expect(try await store.count("auth_outbox") == 3)
        #expect(try await store.status().pending == 3)
    }

    @Test(arguments: [Int64.max, .min, -1, 1 << 53])
    func `reads and settles a row with any attempt count and any time`(_ number: Int64)
        async throws
    {
        let store = try await changed("attempts = \(number), time = \(number)")
        let rows = try await store.pending()
        #expect(rows.map(\.sequence) == [1, 2, 3])
        #expect((0...1_000_000).contains(rows[1].attempts))
        #expect(!SignalCodec.test.message(for: rows[1]).body.isEmpty)
        try await store.settle(.retry(at: .distantFuture, reason: "nacked"), 2)
        #expect((1...1_000_001).contains(try await store.pending()[1].attempts))
        try await store.settle(.confirmed, 1, 2, 3, at: Date(timeIntervalSince1970: 1e300))
        #expect(try await store.status().pending == 0)
        _ = try await store.purgeHistory(before: Date(timeIntervalSince1970: .infinity))
        _ = try await store.purgeHistory(before: Date(timeIntervalSince1970: -.infinity))
        #expect(try await store.status().confirmed == 3)
    }

    @Test func `settles the highest possible sequence`() async throws {
        let store = try SQLiteStore.test()
        try await store.emit(1)
        try await store.transaction { transaction in
            try transaction.database.execute(sql: "UPDATE auth_outbox SET sequence = \(Int64.max)")
        }
        let row = try #require(try await store.pending().first)
        #expect(row.sequence == .max)
        try await store.settle(
            [.max, .max].map { OutboxSettlement(sequence: $0, result: .confirmed, at: Date()) })
        #expect(try await store.count("auth_outbox") == 0)
    }

    @Test(arguments: [Int64.max, .min])
    func `extreme counters do not overflow`(_ number: Int64) async throws {
        let store = try await changed("last_error = 'x'")
        try await store.transaction { transaction in
            try transaction.database.execute(
                sql:
                    "UPDATE auth_outbox_count SET confirmed = \(number), unrouted = \(number), erased = \(number)"
            )
        }
        #expect(try await store.status().pending >= 0)
        _ = try await store.verifyOutbox()
    }

    @Test(arguments: [.infinity, -1e300] as [TimeInterval])
    func `a filter accepts any time`(_ seconds: TimeInterval) async throws {
        let time = Date(timeIntervalSince1970: seconds)
        let store = try await changed("last_error = 'x'")
        let filter = OutboxFilter([.pending], from: time, to: time)
        #expect(try await store.outboxRecords(filter, limit: -1) == [])
        #expect(try await store.outboxRecords(OutboxFilter([.pending]), limit: -1) == [])
    }

    @Test(arguments: [Int64.max, .min])
    func `a mail with any numbers can be sent, deferred and failed`(_ number: Int64) async throws {
        let store = try SQLiteStore.test()
        try await store.transaction { transaction in
            try transaction.queue(MailDraft(.unknownAccount, to: "ada@example.org", values: [:]))
            try transaction.database.execute(
                sql: "UPDATE auth_mail SET attempts = \(number), queued_at = \(number)")
        }
        let mail = try #require(try await store.dueMails(limit: 10, now: .distantFuture).first)
        #expect((0...1_000_000).contains(mail.attempts))
        #expect(try await store.mailStatus().oldestPending != nil)
        try await store.failed(mail, reason: "no", retryAt: Date(timeIntervalSince1970: 1e300))
        #expect(try await store.nextMailDue() != nil)
        try await store.failed(mail, reason: "no", retryAt: nil)
        #expect(try await store.failedMails().map(\.attempts).allSatisfy { $0 >= 0 })
        #expect(try await store.failedMails().count == 1)
    }

    @Test(arguments: [Int64.max, .min])
    func `reads a session with any times`(_ number: Int64) async throws {
        let store = try SQLiteStore.test()
        let (user, token) = (User.test(), SessionToken.random())
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(Session.test(token, of: user.id))
            try transaction.database.execute(
                sql:
                    "UPDATE auth_session SET created_at = \(number), expires_at = \(number), last_seen_at = \(number)"
            )
            try transaction.database.execute(
                sql: "UPDATE auth_user SET date_joined = \(number), last_login = \(number)")
        }
        try await store.read { reading in
            let session = try #require(try reading.session(tokenHash: token.hash))
            #expect(session.userID == user.id)
            #expect(try #require(try reading.user(id: user.id)).dateJoined.wireText.count == 24)
        }
        _ = try await store.purgeExpiredSessions()
    }

    @Test func `deletes an expired session whose user makes its signal too large`() async throws {
        let store = try SQLiteStore.test()
        let user = User.test()
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(
                user.address(String(repeating: "a", count: 100_000) + "@example.org", primary: true))
            try transaction.insert(user.session(expires: Date() - 1))
        }
        #expect(try await store.purgeExpiredSessions() == 1)
        #expect(try await store.count("auth_session") == 0)
        #expect(try await store.pending().isEmpty)
    }

    @Test func `counts a rate limit with a period of any length`() async throws {
        let folder = try TemporaryFolder()
        let limiter = try SQLiteRateLimiter(path: folder.file("attempts.sqlite"))
        for per in [1e300, Double.infinity, 9.3e15] {
            let use = RateLimitUse(bucket: "b\(per)", amount: 1, per: per)
            guard case .allowed = try await limiter.consume([use], now: Date()) else {
                Issue.record("the first was refused")
                return
            }
            guard case .refused = try await limiter.consume([use], now: Date()) else {
                Issue.record("the second was allowed")
                return
            }
        }
    }
}
