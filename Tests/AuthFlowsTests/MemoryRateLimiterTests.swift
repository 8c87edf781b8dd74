// SPDX-License-Identifier: Apache-2.0
import AuthTesting
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

    @Test(arguments: RateLimiterConformance.sentences)
    func `keeps the contract of a rate limiter`(_ sentence: RateLimiterConformance.Sentence) async throws {
        try await sentence.check { RateLimiterConformance.Subject(MemoryRateLimiter()) }
    }

    @Test func `a refunded or forgotten attempt uses no memory`() async throws {
        let limiter = MemoryRateLimiter()
        guard case .allowed(let ticket) = try await limiter.consume([use("a", 1, per: 60)], now: start) else {
            Issue.record("the attempt was refused")
            return
        }
        try await limiter.refund(ticket)
        #expect(limiter.count == 0)
        #expect(try await isAllowed(limiter, [use("a", 1, per: 60)], after: 1))
        try await limiter.forget(["a"])
        #expect(limiter.count == 0)
    }

    @Test func `memory is bounded by the recent attempts`() async throws {
        let limiter = MemoryRateLimiter()
        for number in 0..<10_000 {
            _ = try await limiter.consume([use("\(number)", 5, per: 1)], now: start + Double(number))
        }
        #expect(limiter.count <= 1025)
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
}
