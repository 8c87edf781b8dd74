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

    /// Nil where it was allowed, else the seconds to wait.
    private func refused(_ limits: RateLimitUse..., at seconds: TimeInterval = 0) async throws
        -> TimeInterval?
    {
        switch try await limiter.consume(limits, now: start + seconds) {
        case .allowed: nil
        case .refused(let retryAfter): retryAfter
        }
    }

    @Test func `attempts are counted within a window that slides`() async throws {
        #expect(try await refused(use(), at: 0) == nil)
        #expect(try await refused(use(), at: 30) == nil)
        #expect(try await refused(use(), at: 45) == 15)
        #expect(try await refused(use(), at: 59.999) == 0.001)
        #expect(try await refused(use(), at: 60) == nil)
        #expect(try await refused(use(), at: 61) == 29)
    }

    @Test func `a refused attempt counts against no limit`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("a", 1), use("b", 1)) == 60)
        #expect(try await refused(use("b", 1)) == nil)
    }

    @Test func `of several limits that are reached the longest wait is told`() async throws {
        let (short, long) = (use("a", 1, per: 10), use("a", 1, per: 3600))
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long, at: 5) == 3595)
    }

    @Test func `two rates of one key count an attempt once each`() async throws {
        let (short, long) = (use("a", 2, per: 10), use("a", 3, per: 3600))
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long) == nil)
        #expect(try await refused(short, long) == 10)
        #expect(try await refused(short, long, at: 11) == nil)
        #expect(try await refused(short, long, at: 30) == 3570)
    }

    @Test func `keys do not share`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("b", 1)) == nil)
    }

    @Test func `a limit of nothing lets nothing pass`() async throws {
        #expect(try await refused(use("a", 0)) == 60)
    }

    @Test func `an attempt can be given back, once`() async throws {
        guard case .allowed(let ticket) = try await limiter.consume([use("a", 1)], now: start) else {
            Issue.record("the first attempt was refused")
            return
        }
        try await limiter.giveBack(ticket)
        #expect(try await refused(use("a", 1)) == nil)
        try await limiter.giveBack(ticket)
        #expect(try await refused(use("a", 1)) == 60)
    }

    @Test func `what was counted under a bucket can be forgotten, and nothing else is`() async throws {
        #expect(try await refused(use("a", 1), use("b", 1)) == nil)
        try await limiter.forget(["a"])
        #expect(try await refused(use("a", 1)) == nil)
        #expect(try await refused(use("b", 1)) == 60)
    }

    @Test func `parallel attempts over two connections never exceed a limit`() async throws {
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

    @Test func `what was counted is known to the next process`() async throws {
        #expect(try await refused(use("a", 1)) == nil)
        let next = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
        guard case .refused = try await next.consume([use("a", 1)], now: start) else {
            Issue.record("the attempt was forgotten")
            return
        }
    }

    @Test func `a sweep forgets only what no limit counts`() async throws {
        #expect(try await refused(use("a", 1, per: 10)) == nil)
        #expect(try await refused(use("b", 1, per: 100)) == nil)
        #expect(try await limiter.sweep(now: start + 10) == 1)
        #expect(try await refused(use("b", 1, per: 100), at: 50) == 50)
    }

    @Test func `a damaged file is made anew`() async throws {
        let path = folder.file("damaged.sqlite")
        try Data(repeating: 0x61, count: 8192).write(to: URL(fileURLWithPath: path))
        let limiter = try SQLiteRateLimiter(path: path)
        guard case .allowed = try await limiter.consume([use()], now: start) else {
            Issue.record("a fresh file refused")
            return
        }
        #expect(try folder.mode("damaged.sqlite") == 0o600)
    }

    @Test func `a clock that was a day ahead locks nobody out`() async throws {
        let day: TimeInterval = 86_400
        for _ in 1...2 { #expect(try await refused(use(), at: day) == nil) }
        #expect(try await refused(use(), at: day + 1) == 59)
        // It is right again.
        #expect(try await refused(use(), at: 60) == nil)
        #expect(try await refused(use(), at: 61) == nil)
        #expect(try await refused(use(), at: 62) == 58)
    }

    @Test func `parallel attempts that overtake each other are all counted`() async throws {
        #expect(try await refused(use(), at: 10) == nil)
        #expect(try await refused(use(), at: 5) == nil)
        #expect(try await refused(use(), at: 4) != nil)
    }
}
