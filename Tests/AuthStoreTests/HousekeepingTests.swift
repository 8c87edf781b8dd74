// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import InMemoryLogging
import ServiceLifecycle
import Logging
import Testing

@Suite struct HousekeepingTests {
    let clock = FixedClock()
    var now: Date { clock.now() }

    @Test func `deletes old history in batches and keeps the counters`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        try await store.transaction { transaction in
            for number in 0..<2500 { try transaction.emit(ThingHappened(number)) }
        }
        try await store.settle((1...2400).map { OutboxSettlement(sequence: $0, result: .confirmed, at: now) })
        clock.advance(by: .seconds(100))
        try await store.settle(
            (2401...2450).map { OutboxSettlement(sequence: $0, result: .confirmed, at: now) })
        #expect(try await store.purgeHistory(before: now - 50) == 2400)
        #expect(try await store.count("auth_outbox_history") == 50)
        let status = try await store.status()
        #expect(status.confirmed == 2450)
        #expect(status.pending == 50)
        #expect(status.emitted == 2500)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `keeps a row that was settled late between deleted ones`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        for number in 1...3 { try await store.emit(number) }
        try await store.settle(.confirmed, 1, 3, at: now)
        clock.advance(by: .seconds(100))
        try await store.settle(.confirmed, 2, at: now)
        #expect(try await store.purgeHistory(before: now - 50, batch: 1) == 2)
        #expect(try await store.outboxRecords(OutboxFilter([.confirmed])).map(\.row.number) == [2])
    }

    @Test func `keeps unrouted rows for at least a day, and parked rows until an operator acts`() async throws
    {
        let store = try SQLiteStore.test(retention: .seconds(60), clock: clock)
        for number in 1...3 { try await store.emit(number) }
        try await store.settle(.confirmed, 1, at: now)
        try await store.settle(.unrouted, 2, at: now)
        try await store.settle(.parked(reason: "no"), 3, at: now)
        let housekeeping = StoreHousekeeping(store)
        clock.advance(by: .seconds(61))
        await housekeeping.sweep()
        #expect(
            try await store.outboxRecords(OutboxFilter([.confirmed, .unrouted])).map(\.row.number) == [2])
        clock.advance(by: .seconds(86_400))
        await housekeeping.sweep()
        #expect(try await store.count("auth_outbox_history") == 0)
        #expect(try await store.count("auth_outbox_parked") == 1)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `deletes expired sessions, including those of pending log-ins`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        let time = now
        try await store.transaction { transaction in
            for index in 0..<1200 {
                try transaction.insert(Session.test(expires: time + (index < 1100 ? 10 : 100)))
            }
        }
        clock.advance(by: .seconds(10))
        await StoreHousekeeping(store).sweep()
        #expect(try await store.count("auth_session") == 100)
    }

    @Test func `the expired sessions of users are reported, once and in their order`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        let user = User.test("ada")
        let (late, early) = (user.session(expires: now + 9), user.session(expires: now + 5))
        let (anonymous, live) = (Session.test(expires: now + 5), user.session(expires: now + 100))
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(user.address("ada@example.org", primary: true))
            for session in [late, early, anonymous, live] { try transaction.insert(session) }
        }
        clock.advance(by: .seconds(10))
        #expect(try await store.purgeExpiredSessions(batch: 2) == 3)
        #expect(try await store.purgeExpiredSessions() == 0)
        #expect(try await store.count("auth_session") == 1)
        let ended = try await store.pending().map { row in
            try SignalCodec.event(from: SignalCodec.test.message(for: row).body).decode(SessionEnded.self)
        }
        #expect(ended.map(\.session.id) == [early, late].map { $0.id.wireText })
        for signal in ended {
            #expect(signal.reason == .expired)
            #expect(signal.user.id == user.subject)
            #expect(signal.user.email == "ada@example.org")
            #expect(signal.request.client == .library)
        }
    }

    @Test func `the service sweeps at start and ends at graceful shutdown`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        let expired = Session.test(expires: now)
        try await store.transaction { transaction in try transaction.insert(expired) }
        let group = ServiceGroup(
            services: [StoreHousekeeping(store)], logger: Logger(label: "test"))
        async let running: Void = group.run()
        #expect(try await becomes { try await store.count("auth_session") == 0 })
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test func `writes the last use of sessions in each sweep and at shutdown`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        let (user, token) = (User.test(), SessionToken.random())
        let session = Session.test(token, of: user.id, expires: now + 9000, created: now)
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(session)
        }
        let accounts = Accounts(store: store, keys: .test, clock: clock)
        func lastSeen() async throws -> Date? {
            try await store.read { (reading: SQLiteReading) in
                try reading.session(tokenHash: token.hash)?.lastSeenAt
            }
        }
        let housekeeping = StoreHousekeeping(store, sessions: accounts.sessions)
        clock.advance(by: .seconds(600))
        #expect(try await accounts.sessions.authenticate(token: token) != nil)
        await housekeeping.sweep()
        #expect(try await lastSeen() == now)

        let group = ServiceGroup(services: [housekeeping], logger: Logger(label: "test"))
        clock.advance(by: .seconds(600))
        let expired = Session.test(expires: now)
        try await store.transaction { transaction in try transaction.insert(expired) }
        async let running: Void = group.run()
        #expect(try await becomes { try await store.count("auth_session") == 1 })
        #expect(try await accounts.sessions.authenticate(token: token) != nil)
        await group.triggerGracefulShutdown()
        try await running
        #expect(try await lastSeen() == now)
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

    @Test func `accepts a clock jump that the next sweep confirms`() async throws {
        let (store, housekeeping) = try await storeToSweep(InMemoryLogHandler())
        await housekeeping.sweep()
        clock.advance(by: .seconds(60 * 86_400))
        await housekeeping.sweep()
        #expect(try await store.count("auth_session") == 1)
        clock.advance(by: .seconds(60))
        await housekeeping.sweep()
        #expect(try await store.count("auth_session") == 0)
        #expect(try await store.count("auth_outbox_history") == 0)
    }

    @Test func `detects a clock jump after a restart, and only a sweep a minute later confirms it`()
        async throws
    {
        let (store, housekeeping) = try await storeToSweep(InMemoryLogHandler())
        await housekeeping.sweep()
        clock.advance(by: .seconds(60 * 86_400))
        await StoreHousekeeping(store).sweep()
        clock.advance(by: .seconds(1))
        await StoreHousekeeping(store).sweep()
        #expect(try await store.count("auth_session") == 1)
        clock.advance(by: .seconds(60))
        await StoreHousekeeping(store).sweep()
        #expect(try await store.count("auth_session") == 0)
    }

    @Test func `a second clock jump does not confirm the first`() async throws {
        let (store, housekeeping) = try await storeToSweep(InMemoryLogHandler())
        await housekeeping.sweep()
        for _ in 1...3 {
            clock.advance(by: .seconds(60 * 86_400))
            await housekeeping.sweep()
        }
        #expect(try await store.count("auth_session") == 1)
    }

    @Test func `a server that was off for two weeks deletes a minute after its start`() async throws {
        let (store, housekeeping) = try await storeToSweep(InMemoryLogHandler())
        await housekeeping.sweep()
        clock.advance(by: .seconds(15 * 86_400))
        let restarted = StoreHousekeeping(store)
        await restarted.sweep()
        #expect(try await store.count("auth_session") == 1)
        clock.advance(by: .seconds(60))
        await restarted.sweep()
        #expect(try await store.count("auth_session") == 0)
    }
}
