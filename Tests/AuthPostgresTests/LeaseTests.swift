// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import BrokerSupport
import InMemoryLogging
import Logging
import PostgresSupport
import Synchronization
import Testing

@Suite(.needsPostgres) struct LeaseTests {
    static let lock = PostgresLock(table: "account", number: 2)

    static func acquire(_ url: PostgresURL, _ lock: PostgresLock = lock) async throws -> PostgresLease {
        try await PostgresLease.acquire(lock, at: url, logger: PostgresWorld.logger)
    }

    @Test func `one holder at a time; the next one follows when it is released`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try world.url
        let first = try await Self.acquire(url)
        let isHeld = Mutex(false)
        let second = Task {
            let lease = try await Self.acquire(url)
            isHeld.withLock { $0 = true }
            return lease
        }
        // Other locks are free meanwhile: another number, another schema.
        try await Self.acquire(url, PostgresLock(table: "account", number: 3)).release()
        let other = try await PostgresWorld()
        try await other.makeTable()
        try await Self.acquire(try other.url).release()
        #expect(!isHeld.withLock { $0 })
        first.release()
        try await second.value.release()
    }

    @Test func `waiting for a lease ends when the task is cancelled`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try world.url
        let first = try await Self.acquire(url)
        let waiting = Task { try await Self.acquire(url) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        first.release()
    }

    @Test func `a table that does not exist is reported, not waited for`() async throws {
        let world = try await PostgresWorld()
        let code = try await code { _ = try await Self.acquire(try world.url) }
        #expect(code == .refused)
    }

    @Test func `a holder whose backend is terminated loses its lease, notices it, and can do no more work`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let lease = try await Self.acquire(try world.url)
        let process = try await lease.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
        let loss = Task { await lease.lost() }
        let start = ContinuousClock.now
        try await world.schema.psql("SELECT pg_terminate_backend(\(process))")
        try await Self.acquire(try world.url).release()
        // Earlier than the 12 s after which the server ends the session of a silent holder.
        #expect(ContinuousClock.now - start < .seconds(8))
        let code = try await code { try await lease.run { _ = try $0.query("SELECT 1") } }
        #expect(code == .unreachable)
        await loss.value
    }

    @Test func `a loss is noticed although the holder does nothing`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let lease = try await Self.acquire(try world.proxiedURL)
        world.proxy.cut()
        let start = ContinuousClock.now
        await lease.lost()
        #expect(ContinuousClock.now - start < .seconds(6))
        world.proxy.close()
    }

    @Test func `a lease is taken as soon as a server is there`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        world.proxy.setDown(true)
        let url = try world.proxiedURL
        let records = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in records }
        let task = Task { try await PostgresLease.acquire(Self.lock, at: url, logger: logger) }
        try await eventually("the outage is logged") { !records.entries.isEmpty }
        world.proxy.setDown(false)
        let lease = try await task.value
        try await lease.transaction { connection in connection.later(.insert, [.int(1), .text("a")]) }
        lease.release()
        try await world.expectRows(1)
        let code = try await code { try await lease.run { _ in } }
        #expect(code == .closed)
        world.proxy.close()
    }

    @Test func `a holder whose network became silent notices it within about ten seconds`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let lease = try await Self.acquire(try world.proxiedURL)
        world.proxy.setSilent(true)
        let start = ContinuousClock.now
        await lease.lost()
        #expect(ContinuousClock.now - start < .seconds(15))
        world.proxy.close()
    }

    @Test func `a lease is free soon after its holder is gone, even if its statement still runs`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let lease = try await Self.acquire(try world.proxiedURL)
        let started = Blocking<Int64>()
        let work = Task {
            try await lease.run { connection in
                started.put(try connection.query("SELECT pg_backend_pid()")[0].int(0))
                try connection.query(.sleep, [.int(25)])
            }
        }
        let process = await Task.detached { started.take() }.value ?? 0
        try await eventually("the statement runs") {
            try await world.schema.psql("SELECT state FROM pg_stat_activity WHERE pid = \(process)").trimming
                == "active"
        }
        world.proxy.cut()
        let start = ContinuousClock.now
        try await Self.acquire(try world.url).release()
        // The server looks every 2 s whether its client is still there.
        #expect(ContinuousClock.now - start < .seconds(8))
        await #expect(throws: PostgresError.self) { try await work.value }
        world.proxy.close()
    }
}
