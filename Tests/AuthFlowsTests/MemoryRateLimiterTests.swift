// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthFlows

@Suite struct MemoryRateLimiterTests {
    private let start = Date(timeIntervalSince1970: 1_795_420_800)

    private func use(_ bucket: String, _ amount: Int, per: TimeInterval) -> RateLimitUse {
        RateLimitUse(bucket: bucket, amount: amount, per: per)
    }

    private func isAllowed(
        _ limiter: MemoryRateLimiter, _ uses: [RateLimitUse], after seconds: TimeInterval
    ) async throws -> Bool {
        if case .allowed = try await limiter.consume(uses, now: start + seconds) { true } else { false }
    }

    @Test func `two rates of one key are both enforced`() async throws {
        let limiter = MemoryRateLimiter()
        let uses = [use("a", 2, per: 10), use("a", 3, per: 100)]
        #expect(try await isAllowed(limiter, uses, after: 0))
        #expect(try await isAllowed(limiter, uses, after: 1))
        #expect(try await !isAllowed(limiter, uses, after: 2))
        #expect(try await isAllowed(limiter, uses, after: 11))
        #expect(try await !isAllowed(limiter, uses, after: 40))
        #expect(try await isAllowed(limiter, uses, after: 100))
    }

    @Test func `a refusal counts in no bucket and returns the retry time`() async throws {
        let limiter = MemoryRateLimiter()
        _ = try await limiter.consume([use("a", 1, per: 60)], now: start)
        guard
            case .refused(let seconds) = try await limiter.consume(
                [use("b", 1, per: 60), use("a", 1, per: 60)], now: start + 10)
        else {
            Issue.record("the attempt was allowed")
            return
        }
        #expect(seconds == 50)
        #expect(try await isAllowed(limiter, [use("b", 1, per: 60)], after: 10))
    }

    @Test func `a refunded or forgotten attempt does not count`() async throws {
        let limiter = MemoryRateLimiter()
        guard case .allowed(let ticket) = try await limiter.consume([use("a", 1, per: 60)], now: start) else {
            Issue.record("the attempt was refused")
            return
        }
        try await limiter.refund(ticket)
        try await limiter.refund(ticket)
        #expect(try await isAllowed(limiter, [use("a", 1, per: 60)], after: 1))
        try await limiter.forget(["a"])
        #expect(try await isAllowed(limiter, [use("a", 1, per: 60)], after: 2))
        #expect(limiter.count == 1)
    }

    @Test func `memory is bounded by the recent attempts`() async throws {
        let limiter = MemoryRateLimiter()
        for number in 0..<10_000 {
            _ = try await limiter.consume([use("\(number)", 5, per: 1)], now: start + Double(number))
        }
        #expect(limiter.count <= 1025)
    }

    @Test func `of concurrent attempts no more than the limit are allowed`() async throws {
        let limiter = MemoryRateLimiter()
        let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask { try await isAllowed(limiter, [use("a", 7, per: 60)], after: 0) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(allowed == 7)
    }

    // MARK: Addresses and networks

    @Test(
        arguments: [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true), ("fe80::1%eth0", "fe80::1", true),
        ])
    func `an IPv6 address is counted by its network`(_ left: String, _ right: String, _ isOne: Bool) {
        let limits = RateLimits()
        let buckets = [left, right].map { limits.uses(.signup, ip: $0).map(\.bucket) }
        #expect((buckets[0] == buckets[1]) == isOne)
        #expect(buckets[0].allSatisfy { !$0.contains(left) })
    }

    @Test func `a clock that was a day ahead blocks no later attempt`() async throws {
        let limiter = MemoryRateLimiter()
        let uses = [use("a", 1, per: 60)]
        #expect(try await isAllowed(limiter, uses, after: 86_400))
        #expect(try await !isAllowed(limiter, uses, after: 86_401))
        #expect(try await isAllowed(limiter, uses, after: 10))
        #expect(try await !isAllowed(limiter, uses, after: 11))
    }

    @Test func `concurrent attempts that arrive out of order are all counted`() async throws {
        let limiter = MemoryRateLimiter()
        #expect(try await isAllowed(limiter, [use("a", 2, per: 60)], after: 10))
        #expect(try await isAllowed(limiter, [use("a", 2, per: 60)], after: 5))
        #expect(try await !isAllowed(limiter, [use("a", 2, per: 60)], after: 4))
    }
}
