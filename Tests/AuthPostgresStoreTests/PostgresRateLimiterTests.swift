// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

@Suite(.enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct PostgresRateLimiterTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// Two limiters with pools of their own, as two hosts have them.
    private struct Hosts {
        let schema: PrivateSchema
        let pools: [PostgresPool]
        var limiters: [PostgresRateLimiter] { pools.map(PostgresRateLimiter.init(pool:)) }
    }

    private func withHosts<R>(_ body: (Hosts) async throws -> R) async throws -> R {
        let first = try await TestStore.make()
        let second = try TestStore(schema: first.schema)
        let hosts = Hosts(schema: first.schema, pools: [first.pool, second.pool])
        let result: Result<R, any Error>
        do { result = .success(try await body(hosts)) } catch { result = .failure(error) }
        for pool in hosts.pools { await pool.close() }
        try await hosts.schema.drop()
        return try result.get()
    }

    private func refusal(_ limiter: PostgresRateLimiter, at seconds: TimeInterval = 0) async throws
        -> TimeInterval?
    {
        let use = RateLimitUse(bucket: "a", amount: 1, per: 60)
        return switch try await limiter.consume([use], now: start + seconds) {
        case .allowed: nil
        case .refused(let retryAfter): retryAfter
        }
    }

    @Test(arguments: RateLimiterConformance.sentences)
    func `keeps the contract of a rate limiter`(_ sentence: RateLimiterConformance.Sentence) async throws {
        try await withHosts { hosts in
            try await sentence.check {
                RateLimiterConformance.Subject(hosts.limiters[0], other: hosts.limiters[1])
            }
        }
    }

    @Test func `hosts count together, and the wait is exact to a millisecond`() async throws {
        try await withHosts { (hosts: Hosts) async throws in
            #expect(try await refusal(hosts.limiters[0]) == nil)
            #expect(try await refusal(hosts.limiters[1], at: 59.999) == 0.001)
            #expect(try await refusal(hosts.limiters[1], at: 60) == nil)
            #expect(try await refusal(hosts.limiters[0], at: 61) == 59)
        }
    }

    @Test func `an attempt is one round trip and is not written to the log`() async throws {
        try await withHosts { hosts in
            let pool = try TestStore(schema: hosts.schema, connections: 1).pool
            let limiter = PostgresRateLimiter(pool: pool)
            #expect(try await refusal(limiter) == nil)
            let before = try await pool.run { $0.roundTrips }
            #expect(try await refusal(limiter, at: 1) == 59)
            #expect(try await pool.run { $0.roundTrips } == before + 1)
            await pool.close()
            let persistence = try await hosts.schema.psql(
                "SELECT relpersistence FROM pg_class WHERE oid = 'auth_attempt'::regclass")
            #expect(persistence.trimmingCharacters(in: .whitespacesAndNewlines) == "u")
        }
    }

    @Test func `limits of two buckets in any order do not wait for each other forever`() async throws {
        try await withHosts { hosts in
            let uses = (0..<4).map { RateLimitUse(bucket: "\($0)", amount: 1000, per: 60) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    let limiter = hosts.limiters[number % 2]
                    let order = number % 3 == 0 ? uses : uses.reversed()
                    group.addTask { _ = try await limiter.consume(order, now: start) }
                }
                try await group.waitForAll()
            }
            let count = try await hosts.schema.psql("SELECT count(*) FROM auth_attempt")
            #expect(count.trimmingCharacters(in: .whitespacesAndNewlines) == "400")
        }
    }

    @Test func `a sweep deletes batch after batch, and nothing while another host sweeps`() async throws {
        try await withHosts { hosts in
            try await hosts.schema.psql(
                "INSERT INTO auth_attempt (bucket, per, expires_at) SELECT 'x', 1, n FROM generate_series(1, 2500) n"
            )
            let limiter = hosts.limiters[0]
            let now = start
            let swept = try await hosts.pools[1].transaction { connection in
                try connection.query("SELECT pg_advisory_xact_lock('auth_attempt'::regclass::oid::int, 3)")
                // Within this transaction, so the lock is held.
                let result = Locked<Result<Int, any Error>?>(nil)
                let finished = DispatchSemaphore(value: 0)
                Task {
                    do {
                        let count = try await limiter.sweep(now: now)
                        result.change { $0 = .success(count) }
                    } catch {
                        result.change { $0 = .failure(error) }
                    }
                    finished.signal()
                }
                _ = finished.wait(timeout: .now() + 60)
                return try #require(result.value).get()
            }
            #expect(swept == 0)
            #expect(try await limiter.sweep(now: start) == 2500)
        }
    }

    @Test func `a server that cannot be reached is a temporary failure`() async throws {
        let url = try PostgresURL(parsing: "postgres://auth@127.0.0.1:1/auth")
        let pool = PostgresPool(url, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: StoreError.self) {
            try await PostgresRateLimiter(pool: pool).consume(
                [RateLimitUse(bucket: "a", amount: 1, per: 60)], now: start)
        }
        #expect(error?.code == .unreachable)
        #expect(error?.secondsUntilRetry != nil)
        await pool.close()
    }
}
