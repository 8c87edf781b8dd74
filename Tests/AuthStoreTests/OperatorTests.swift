// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

private struct OtherHappened: Signal {
    static let name: SignalName = "other.thing_happened"
    var request = SignalRequest()
    var subject: String? { nil }
    enum CodingKeys: String, CodingKey { case request }
}

@Suite struct OperatorTests {
    let clock = FixedClock()
    let store: SQLiteStore
    var now: Date { clock.now() }

    /// 1 pending, 2 confirmed, 3 unrouted, 4 parked, 5 deferred, 6 another name; a second apart.
    init() async throws {
        store = try .test(clock: clock)
        for number in 1...5 {
            try await store.emit(number, of: "subject \(number)")
            clock.advance(by: .seconds(1))
        }
        try await store.transaction { transaction in try transaction.emit(OtherHappened()) }
        try await store.settle(.confirmed, 2, at: now)
        try await store.settle(.unrouted, 3, at: now)
        try await store.settle(.parked(reason: "no"), 4, at: now)
        try await store.settle(.retry(at: now + 100, reason: "nack"), 5)
    }

    private func found(_ filter: OutboxFilter) async throws -> [Int64] {
        try await store.outboxRecords(filter).map(\.row.sequence)
    }

    @Test func `finds rows by state, name, subject, time and id`() async throws {
        let all = Set(OutboxRecord.State.allCases)
        #expect(try await found(OutboxFilter(all)) == [1, 2, 3, 4, 5, 6])
        #expect(try await found(OutboxFilter([.pending])) == [1, 5, 6])
        #expect(try await found(OutboxFilter(all, name: "other.#")) == [6])
        #expect(try await found(OutboxFilter(all, subject: "subject 3")) == [3])
        #expect(try await found(OutboxFilter(all, from: now - 4, to: now - 2)) == [2, 3])
        let id = try #require(try await store.outboxRecords(OutboxFilter([.parked])).first).row.draft.id
        #expect(try await found(OutboxFilter(all, ids: [id])) == [4])
        #expect(try await found(OutboxFilter(all, ids: [])) == [])
        #expect(
            try await store.outboxRecords(OutboxFilter(all), after: 2, limit: 2).map(\.row.sequence) == [
                3, 4,
            ])
    }

    @Test func `a deferred row shows its due time and the reason`() async throws {
        let record = try #require(
            try await store.outboxRecords(OutboxFilter([.pending], subject: "subject 5")).first)
        #expect(record.notBefore == now + 100)
        #expect(record.reason == "nack")
        #expect(record.settledAt == nil)
    }

    @Test func `a republished row keeps its id, sequence and time, and is read behind the cursor`()
        async throws
    {
        let settled = try await store.outboxRecords(OutboxFilter([.unrouted, .parked, .confirmed]))
        #expect(try await store.republish(OutboxFilter([.unrouted, .parked, .confirmed])) == 3)
        let due = try await store.dueRows(upTo: 6, limit: 10, now: now)
        #expect(due == settled.map(\.row))
        #expect(due.map(\.sequence) == [2, 3, 4])
        let status = try await store.status()
        #expect(status.pending == 6)
        #expect(status.unrouted + status.parked + status.confirmed == 0)
        #expect(status.emitted == 6)
        #expect(try await store.verifyOutbox().isWhole)

        try await store.settle(.confirmed, 2, 3, 4)
        #expect(try await store.status().confirmed == 3)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `republishing a row resets its attempts`() async throws {
        try await store.settle(.parked(reason: "no"), 5)
        #expect(
            try await store.outboxRecords(OutboxFilter([.parked], subject: "subject 5")).first?.row.attempts
                == 1)
        _ = try await store.republish(OutboxFilter([.parked], subject: "subject 5"))
        #expect(try await store.dueRows(upTo: 6, limit: 10, now: now).map(\.attempts) == [0])
    }

    @Test func `republishing a deferred row makes it due at once`() async throws {
        #expect(try await store.republish(OutboxFilter([.pending])) == 1)
        #expect(try await store.dueRows(upTo: 6, limit: 10, now: now).map(\.sequence) == [5])
    }

    @Test func `republishes only rows that match the filter`() async throws {
        #expect(try await store.republish(OutboxFilter([.unrouted], name: "other.#")) == 0)
        #expect(try await store.republish(OutboxFilter([.unrouted], name: "test.*")) == 1)
        #expect(try await store.status().parked == 1)
    }

    @Test func `purge keeps unrouted and parked rows for a day, and pending rows always`()
        async throws
    {
        let everything = OutboxFilter(Set(OutboxRecord.State.allCases))
        #expect(try await store.purge(everything, settledBefore: .distantFuture) == 1)
        #expect(try await found(everything) == [1, 3, 4, 5, 6])
        clock.advance(by: .seconds(86_401))
        #expect(try await store.purge(everything, settledBefore: .distantFuture) == 2)
        #expect(try await found(everything) == [1, 5, 6])
        let status = try await store.status()
        #expect(status.confirmed == 1)
        #expect(status.unrouted == 1)
        #expect(status.parked == 1)
        #expect(status.emitted == 6)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `republishes thousands of rows in one call`() async throws {
        let store = try SQLiteStore.test()
        try await store.transaction { transaction in
            for number in 0..<2500 { try transaction.emit(ThingHappened(number)) }
        }
        try await store.settle(
            (1...2500).map { OutboxSettlement(sequence: $0, result: .unrouted, at: Date()) })
        #expect(try await store.republish(OutboxFilter([.unrouted])) == 2500)
        #expect(try await store.status().pending == 2500)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test(arguments: [
        "DELETE FROM auth_outbox WHERE sequence = 1",
        "DELETE FROM auth_outbox_history WHERE sequence = 3",
        "UPDATE auth_outbox_count SET parked = 0, confirmed = 2",
        """
        INSERT INTO auth_outbox SELECT 4, message_id, name, schema_version, subject, time, correlation_id, 0, 0,
            NULL, NULL, data FROM auth_outbox_parked
        """,
    ])
    func `verification detects a manipulated store`(statement: String) async throws {
        #expect(try await store.verifyOutbox().isWhole)
        try await store.transaction { transaction in try transaction.database.execute(sql: statement) }
        let verification = try await store.verifyOutbox()
        #expect(!verification.isWhole)
        #expect(!verification.faults.isEmpty)
    }
}
