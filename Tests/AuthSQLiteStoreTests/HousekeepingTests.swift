// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import Testing

@Suite struct HousekeepingTests {
    let clock = FixedClock()
    var now: Date { clock.now() }

    @Test func `keeps a row that was settled late between deleted ones`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        for number in 1...3 { try await store.emit(number) }
        try await store.settle(.confirmed, 1, 3, at: now)
        clock.advance(by: .seconds(100))
        try await store.settle(.confirmed, 2, at: now)
        #expect(try await store.purgeHistory(before: now - 50, batch: 1) == 2)
        #expect(try await store.outboxRecords(OutboxFilter([.confirmed])).map(\.row.number) == [2])
    }

    @Test func `deletes expired rate limit counts`() async throws {
        let folder = try TemporaryFolder()
        let limiter = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
        let store = try SQLiteStore.test(clock: clock)
        for _ in 0..<3 {
            _ = try await limiter.consume([RateLimitUse(bucket: "b", amount: 9, per: 60)], now: now)
        }
        clock.advance(by: .seconds(60))
        await StoreHousekeeping(store, limiter: limiter).sweep()
        #expect(try await limiter.sweep(now: now) == 0)
    }

    /// A store with a session and a settled row, both expired after two months.
    private func storeToSweep(_ log: InMemoryLogHandler) async throws -> (SQLiteStore, StoreHousekeeping) {
        let store = try SQLiteStore.test(clock: clock)
        let time = now
        try await store.transaction { transaction in
            try transaction.insert(Session.test(expires: time + 1_209_600))
        }
        try await store.emit(1)
        try await store.settle(.confirmed, 1, at: now)
        return (store, StoreHousekeeping(store, logger: Logger(label: "test") { _ in log }))
    }

    @Test func `a clock that jumps ahead for a minute deletes nothing and is logged`() async throws {
        let log = InMemoryLogHandler()
        let (store, housekeeping) = try await storeToSweep(log)
        await housekeeping.sweep()
        clock.advance(by: .seconds(60 * 86_400))
        await housekeeping.sweep()
        #expect(log.entries.filter { $0.level == .warning }.count == 1)
        clock.advance(by: .seconds(-60 * 86_400 + 60))
        await housekeeping.sweep()
        await housekeeping.sweep()
        #expect(try await store.count("auth_session") == 1)
        #expect(try await store.count("auth_outbox_history") == 1)
        #expect(log.entries.filter { $0.level == .warning }.count == 1)
    }
}
