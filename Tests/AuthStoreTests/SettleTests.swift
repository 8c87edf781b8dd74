// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct SettleTests {
    let clock = FixedClock()
    let store: SQLiteStore
    var now: Date { clock.now() }

    init() async throws {
        store = try .test(clock: clock)
        for number in 1...5 { try await store.emit(number, of: number.isMultiple(of: 2) ? "even" : "odd") }
    }

    private func after(_ cursor: Int64) async throws -> [Int64] {
        try await store.rows(after: cursor, limit: 100, now: now).rows.map(\.sequence)
    }

    @Test func `a confirmed row moves to the history`() async throws {
        try await store.settle(.confirmed, 1, 2)
        #expect(try await after(0) == [3, 4, 5])
        let kept = try await store.outboxRecords(OutboxFilter([.confirmed]))
        #expect(kept.map(\.row.number) == [1, 2])
        #expect(try await store.status().confirmed == 2)
    }

    @Test func `without retention, a confirmed row is deleted but counted`() async throws {
        let store = try SQLiteStore.test(retention: .zero)
        try await store.emit(1)
        try await store.emit(2)
        try await store.settle(.confirmed, 1)
        try await store.settle(.unrouted, 2)
        #expect(try await store.outboxRecords(OutboxFilter([.confirmed])).isEmpty)
        #expect(try await store.outboxRecords(OutboxFilter([.unrouted])).map(\.row.number) == [2])
        #expect(try await store.status().confirmed == 1)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `an unrouted row moves to the history`() async throws {
        try await store.settle(.unrouted, 3)
        #expect(try await after(0) == [1, 2, 4, 5])
        #expect(try await store.outboxRecords(OutboxFilter([.unrouted])).map(\.row.sequence) == [3])
        #expect(try await store.status().unrouted == 1)
    }

    @Test func `a parked row leaves the outbox and keeps the broker's reason`() async throws {
        try await store.settle(.parked(reason: "406 PRECONDITION_FAILED"), 4, at: now)
        #expect(try await after(0) == [1, 2, 3, 5])
        let parked = try #require(try await store.outboxRecords(OutboxFilter([.parked])).first)
        #expect(parked.reason == "406 PRECONDITION_FAILED")
        #expect(parked.settledAt == now)
        #expect(parked.row.number == 4)
        #expect(try await store.status().parked == 1)
    }

    @Test func `a deferred row is skipped until it is due, and then read separately from new rows`()
        async throws
    {
        try await store.settle(.retry(at: now + 10, reason: "nack"), 2)
        let page = try await store.rows(after: 0, limit: 2, now: now)
        #expect(page.rows.map(\.sequence) == [1])
        #expect(page.cursor == 2)
        #expect(try await after(page.cursor) == [3, 4, 5])
        #expect(try await store.dueRows(upTo: 5, limit: 10, now: now).isEmpty)
        clock.advance(by: .seconds(10))
        let due = try await store.dueRows(upTo: 5, limit: 10, now: now)
        #expect(due.map(\.sequence) == [2])
        #expect(due.first?.attempts == 1)
        #expect(try await store.dueRows(upTo: 1, limit: 10, now: now).isEmpty)
        // A relay that starts with cursor 0 reads it in sequence.
        #expect(try await after(0) == [1, 2, 3, 4, 5])
    }

    @Test func `a page without due rows still advances the cursor`() async throws {
        try await store.settle(.retry(at: now + 10, reason: "nack"), 1, 2)
        let page = try await store.rows(after: 0, limit: 2, now: now)
        #expect(page.rows.isEmpty)
        #expect(page.cursor == 2)
        let last = try await store.rows(after: 5, limit: 2, now: now)
        #expect(last.rows.isEmpty)
        #expect(last.cursor == 5)
    }

    @Test func `reads the rows of a subject after a given sequence`() async throws {
        let held = try await store.rows(ofSubject: "odd", after: 1, limit: 10)
        #expect(held.map(\.sequence) == [3, 5])
        #expect(try await store.rows(ofSubject: "odd", after: 1, limit: 1).map(\.sequence) == [3])
        #expect(try await store.rows(ofSubject: "none", after: 0, limit: 10).isEmpty)
    }

    @Test func `settling a row again is ignored, and it is counted once`() async throws {
        try await store.settle(.confirmed, 1)
        try await store.settle(.confirmed, 1, 2)
        try await store.settle(.unrouted, 1, 99)
        try await store.settle(.parked(reason: "x"), 1)
        try await store.settle(.retry(at: now, reason: "x"), 1)
        let status = try await store.status()
        #expect(status.confirmed == 2)
        #expect(status.unrouted == 0)
        #expect(status.parked == 0)
        #expect(status.pending == 3)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `rows settled together get their own results, and rows between them stay pending`()
        async throws
    {
        let (now, later) = (clock.now(), clock.now() + 5)
        // Not in emission order, with a gap at 3, a different result among them and two times.
        try await store.settle([
            OutboxSettlement(sequence: 4, result: .confirmed, at: now),
            OutboxSettlement(sequence: 5, result: .confirmed, at: later),
            OutboxSettlement(sequence: 1, result: .confirmed, at: now),
            OutboxSettlement(sequence: 2, result: .unrouted, at: now),
        ])
        #expect(try await after(0) == [3])
        let confirmed = try await store.outboxRecords(OutboxFilter([.confirmed]))
        #expect(confirmed.map(\.row.number) == [1, 4, 5])
        #expect(confirmed.map(\.settledAt) == [now, now, later])
        #expect(try await store.outboxRecords(OutboxFilter([.unrouted])).map(\.row.number) == [2])
        #expect(try await store.status().confirmed == 3)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `settlements with different results commit in one transaction`() async throws {
        try await store.settle([
            OutboxSettlement(sequence: 1, result: .confirmed, at: now),
            OutboxSettlement(sequence: 2, result: .unrouted, at: now),
            OutboxSettlement(sequence: 3, result: .retry(at: now + 1, reason: "nack"), at: now),
            OutboxSettlement(sequence: 4, result: .parked(reason: "no"), at: now),
        ])
        let status = try await store.status()
        #expect(
            status
                == OutboxStatus(
                    pending: 2, oldestPending: now, unrouted: 1, parked: 1, confirmed: 1, emitted: 5))
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `stores the broker's result even if the relay's task is cancelled`()
        async throws
    {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.settle(.confirmed, 1)
        }
        try await task.value
        #expect(try await store.status().confirmed == 1)
    }

    @Test func `truncates a reason to one kibibyte`() async throws {
        try await store.settle(.parked(reason: String(repeating: "ä", count: 2000)), 1)
        let reason = try await store.outboxRecords(OutboxFilter([.parked])).first?.reason
        #expect(reason?.utf8.count == 1024)
    }

    @Test func `the status of an empty outbox is all zero`() async throws {
        let empty = try SQLiteStore.test()
        let nothing = OutboxStatus(
            pending: 0, oldestPending: nil, unrouted: 0, parked: 0, confirmed: 0, emitted: 0)
        #expect(try await empty.status() == nothing)
        #expect(try await empty.verifyOutbox().isWhole)
    }
}
