// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthStore
import Foundation
import Testing

@Suite struct RateLimiterTests {
    let folder: TemporaryFolder
    let limiter: SQLiteRateLimiter
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        folder = try TemporaryFolder()
        limiter = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
    }

    private func use(_ bucket: String = "b", _ amount: Int = 2, per: TimeInterval = 60) -> RateLimitUse {
        RateLimitUse(bucket: bucket, amount: amount, per: per)
    }

    /// Nil if the attempt was allowed, otherwise the seconds to wait.
    private func refused(_ limits: RateLimitUse..., at seconds: TimeInterval = 0) async throws
        -> TimeInterval?
    {
        switch try await limiter.consume(limits, now: start + seconds) {
        case .allowed: nil
        case .refused(let retryAfter): retryAfter
        }
    }

    @Test func `counts attempts within a sliding window`() async throws {
        #expect(try await refused(use(), at: 0) == nil)
        #expect(try await refused(use(), at: 30) == nil)
        #expect(try await refused(use(), at: 45) == 15)
        #expect(try await refused(use(), at: 59.999) == 0.001)
        #expect(try await refused(use(), at: 60) == nil)
        #expect(try await refused(use(), at: 61) == 29)
    }

    @Test func `a refused attempt does not count`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("a", 1), use("b", 1)) == 60)
        #expect(try await refused(use("b", 1)) == nil)
    }

    @Test func `returns the longest wait of several exceeded limits`() async throws {
        let (short, long) = (use("a", 1, per: 10), use("a", 1, per: 3600))
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long, at: 5) == 3595)
    }

    @Test func `an attempt counts once for each rate of a bucket`() async throws {
        let (short, long) = (use("a", 2, per: 10), use("a", 3, per: 3600))
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long) == 10)
        #expect(try await refused(short, long, at: 11) == nil)
        #expect(try await refused(short, long, at: 30) == 3570)
    }

    @Test func `buckets are independent`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("b", 1)) == nil)
    }

    @Test func `a limit of zero refuses every attempt`() async throws {
        #expect(try await refused(use("a", 0)) == 60)
    }

    @Test func `an attempt can be refunded once`() async throws {
        guard case .allowed(let ticket) = try await limiter.consume([use("a", 1)], now: start) else {
            Issue.record("the first attempt was refused")
            return
        }
        try await limiter.refund(ticket)
        #expect(try await refused(use("a", 1)) == nil)
        try await limiter.refund(ticket)
        #expect(try await refused(use("a", 1)) == 60)
    }

    @Test func `forgetting a bucket leaves other buckets unchanged`() async throws {
        #expect(try await refused(use("a", 1), use("b", 1)) == nil)
        try await limiter.forget(["a"])
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("b", 1)) == 60)
    }

    @Test func `concurrent attempts over two connections never exceed a limit`() async throws {
        let limiters = [limiter, try SQLiteRateLimiter(path: folder.file("limits.sqlite"))]
        let limit = use("a", 25)
        let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if case .allowed = try await limiters[index % 2].consume([limit], now: start) {
                        return true
                    }
                    return false
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(allowed == 25)
    }

    @Test func `counts survive a restart`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        let next = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
        guard case .refused = try await next.consume([use("a", 1)], now: start) else {
            Issue.record("the attempt was forgotten")
            return
        }
    }

    @Test func `a sweep deletes only expired counts`() async throws {
        #expect(try await refused(use("a", 1, per: 10)) == nil)
        #expect(try await refused(use("b", 1, per: 100)) == nil)
        #expect(try await limiter.sweep(now: start + 10) == 1)
        #expect(try await refused(use("b", 1, per: 100), at: 50) == 50)
    }

    @Test func `replaces a damaged file`() async throws {
        let path = folder.file("damaged.sqlite")
        try Data(repeating: 0x61, count: 8192).write(to: URL(fileURLWithPath: path))
        let limiter = try SQLiteRateLimiter(path: path)
        guard case .allowed = try await limiter.consume([use()], now: start) else {
            Issue.record("the attempt was refused by a new file")
            return
        }
        #expect(try folder.mode("damaged.sqlite") == 0o600)
    }

    @Test func `a clock that was a day ahead does not lock users out`() async throws {
        let day: TimeInterval = 86_400
        for _ in 1...2 { #expect(try await refused(use(), at: day) == nil) }
        #expect(try await refused(use(), at: day + 1) == 59)
        // The clock is correct again.
        #expect(try await refused(use(), at: 60) == nil)
        #expect(try await refused(use(), at: 61) == nil)
        #expect(try await refused(use(), at: 62) == 58)
    }

    @Test func `counts concurrent attempts that arrive out of order`() async throws {
        #expect(try await refused(use(), at: 10) == nil)
        #expect(try await refused(use(), at: 5) == nil)
        #expect(try await refused(use(), at: 4) != nil)
    }
}
