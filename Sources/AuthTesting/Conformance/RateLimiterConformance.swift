// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import Foundation
import Testing

/// The contract of a `RateLimiter` as a list of checks that every implementation must pass.
public enum RateLimiterConformance {
    /// An empty rate limiter.
    public struct Subject: Sendable {
        public var limiter: any SweepingRateLimiter
        /// A second instance with the same counts, as another process has it. It may be the same instance if counts are
        /// not shared.
        public var other: any SweepingRateLimiter

        /// - Parameters:
        ///   - limiter: the limiter under test.
        ///   - other: by default the limiter itself.
        public init(_ limiter: any SweepingRateLimiter, other: (any SweepingRateLimiter)? = nil) {
            self.limiter = limiter
            self.other = other ?? limiter
        }

        static let start = Date(timeIntervalSince1970: 1_800_000_000)

        /// Counts an attempt.
        ///
        /// - Parameter seconds: the time of the attempt, after `start`.
        /// - Returns: nil if it was allowed, otherwise the seconds to wait.
        func refused(_ limits: RateLimitUse..., at seconds: TimeInterval = 0) async throws -> TimeInterval? {
            switch try await limiter.consume(limits, now: Self.start + seconds) {
            case .allowed: nil
            case .refused(let retryAfter): retryAfter
            }
        }

        /// Counts an attempt that has to be allowed.
        func ticket(_ limits: RateLimitUse...) async throws -> RateLimitTicket {
            switch try await limiter.consume(limits, now: Self.start) {
            case .allowed(let ticket): return ticket
            case .refused:
                Issue.record("the attempt was refused")
                return RateLimitTicket(entries: [])
            }
        }
    }

    public typealias Sentence = ContractSentence<Subject>

    private static func use(_ bucket: String, _ amount: Int, per: TimeInterval = 60) -> RateLimitUse {
        RateLimitUse(bucket: bucket, amount: amount, per: per)
    }

    public static let sentences: [Sentence] = limits + tickets + clocks + concurrency

    private static let limits: [Sentence] = [
        Sentence("Attempts are counted within a sliding window") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 2), at: 0) == nil)
            #expect(try await subject.refused(use("a", 2), at: 30) == nil)
            #expect(try await subject.refused(use("a", 2), at: 45) == 15)
            #expect(try await subject.refused(use("a", 2), at: 60) == nil)
            #expect(try await subject.refused(use("a", 2), at: 61) == 29)
        },
        Sentence("A refused attempt counts in no bucket") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 1)) == nil)
            #expect(try await subject.refused(use("a", 1), use("b", 1)) == 60)
            #expect(try await subject.refused(use("b", 1), use("a", 1)) == 60)
            #expect(try await subject.refused(use("b", 1)) == nil)
        },
        Sentence("Of several exceeded limits the longest wait is returned") {
            (subject: Subject) async throws in
            let (short, long) = (use("a", 1, per: 10), use("a", 1, per: 3600))
            #expect(try await subject.refused(short, long) == nil)
            #expect(try await subject.refused(short, long, at: 5) == 3595)
            #expect(try await subject.refused(long, short, at: 5) == 3595)
        },
        Sentence("An attempt counts once for each rate of a bucket") { (subject: Subject) async throws in
            let (short, long) = (use("a", 2, per: 10), use("a", 3, per: 3600))
            #expect(try await subject.refused(short, long) == nil)
            #expect(try await subject.refused(short, long) == nil)
            #expect(try await subject.refused(short, long) == 10)
            #expect(try await subject.refused(short, long, at: 11) == nil)
            #expect(try await subject.refused(short, long, at: 30) == 3570)
        },
        Sentence("Buckets are independent") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 1)) == nil)
            #expect(try await subject.refused(use("b", 1)) == nil)
            #expect(try await subject.refused(use("a", 1)) == 60)
        },
        Sentence("A limit of zero refuses every attempt") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 0)) == 60)
            #expect(try await subject.refused(use("b", 5), use("a", -1)) == 60)
        },
        Sentence("Without a limit every attempt is allowed") { (subject: Subject) async throws in
            #expect(try await subject.refused() == nil)
        },
        Sentence("An extreme period does not overflow") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 1, per: 1e300)) == nil)
            #expect(try await subject.refused(use("a", 1, per: 1e300), at: 1) != nil)
        },
    ]

    private static let tickets: [Sentence] = [
        Sentence("An attempt can be refunded once") { (subject: Subject) async throws in
            let ticket = try await subject.ticket(use("a", 1))
            try await subject.limiter.refund(ticket)
            #expect(try await subject.refused(use("a", 1)) == nil)
            try await subject.limiter.refund(ticket)
            #expect(try await subject.refused(use("a", 1)) == 60)
        },
        Sentence("A refund applies to every limit of the attempt") { (subject: Subject) async throws in
            let ticket = try await subject.ticket(use("a", 1), use("b", 1))
            #expect(try await subject.refused(use("c", 1)) == nil)
            try await subject.limiter.refund(ticket)
            #expect(try await subject.refused(use("a", 1)) == nil)
            #expect(try await subject.refused(use("b", 1)) == nil)
            #expect(try await subject.refused(use("c", 1)) == 60)
        },
        Sentence("Forgetting a bucket leaves other buckets unchanged") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 1), use("b", 1)) == nil)
            try await subject.limiter.forget(["a", "c"])
            #expect(try await subject.refused(use("a", 1)) == nil)
            #expect(try await subject.refused(use("b", 1)) == 60)
        },
        Sentence("Sweeping deletes expired attempts and no others") { (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 1, per: 10)) == nil)
            #expect(try await subject.refused(use("b", 1, per: 100)) == nil)
            #expect(try await subject.limiter.sweep(now: Subject.start + 10) == 1)
            #expect(try await subject.refused(use("b", 1, per: 100), at: 50) == 50)
        },
    ]

    private static let clocks: [Sentence] = [
        Sentence("A clock that was a day ahead does not lock users out") { (subject: Subject) async throws in
            let day: TimeInterval = 86_400
            for _ in 1...2 { #expect(try await subject.refused(use("a", 2), at: day) == nil) }
            #expect(try await subject.refused(use("a", 2), at: day + 1) == 59)
            // The clock is correct again.
            #expect(try await subject.refused(use("a", 2), at: 60) == nil)
            #expect(try await subject.refused(use("a", 2), at: 61) == nil)
            #expect(try await subject.refused(use("a", 2), at: 62) == 58)
        },
        Sentence("Concurrent attempts that arrive out of order are all counted") {
            (subject: Subject) async throws in
            #expect(try await subject.refused(use("a", 2), at: 10) == nil)
            #expect(try await subject.refused(use("a", 2), at: 5) == nil)
            #expect(try await subject.refused(use("a", 2), at: 4) != nil)
        },
    ]

    private static let concurrency: [Sentence] = [
        Sentence("Concurrent attempts at two instances never exceed a limit") {
            (subject: Subject) async throws in
            let limiters = [subject.limiter, subject.other]
            // Each attempt names the buckets in another order.
            let (a, b) = (use("a", 25), use("b", 1000))
            let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let limits = index % 4 < 2 ? [a, b] : [b, a]
                        let decision = try await limiters[index % 2].consume(limits, now: Subject.start)
                        if case .allowed = decision { return true }
                        return false
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(allowed == 25)
        }
    ]
}
