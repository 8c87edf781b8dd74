// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSQLiteStore
import AuthStore
import AuthTesting
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

    private func refusal(_ limiter: SQLiteRateLimiter, at seconds: TimeInterval = 0) async throws
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
        try await sentence.check {
            RateLimiterConformance.Subject(
                limiter, other: try SQLiteRateLimiter(path: folder.file("limits.sqlite")))
        }
    }

    @Test func `the wait is exact to a millisecond`() async throws {
        #expect(try await refusal(limiter) == nil)
        #expect(try await refusal(limiter, at: 59.999) == 0.001)
        #expect(try await refusal(limiter, at: 60) == nil)
    }

    @Test func `counts survive a restart`() async throws {
        #expect(try await refusal(limiter) == nil)
        let next = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
        #expect(try await refusal(next) == 60)
    }

    @Test func `replaces a damaged file`() async throws {
        let path = folder.file("damaged.sqlite")
        try Data(repeating: 0x61, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect(try await refusal(SQLiteRateLimiter(path: path)) == nil)
        #expect(try folder.mode("damaged.sqlite") == 0o600)
    }
}
