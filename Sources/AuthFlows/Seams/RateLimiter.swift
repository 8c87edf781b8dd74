// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Counts attempts: a seam, since services of several hosts share their limits elsewhere than in a file.
///
/// Counting is atomic: parallel attempts never exceed a limit (D13).
public protocol RateLimiter: Sendable {
    /// Counts one attempt against every limit, or against none where one is reached.
    ///
    /// - Parameter limits: each with the key it counts under.
    func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision

    /// Takes an attempt back that was counted and turned out right.
    func giveBack(_ ticket: RateLimitTicket) async throws

    /// Forgets what was counted under these buckets.
    func forget(_ buckets: [String]) async throws
}

extension RateLimiter {
    /// Forgets nothing: what was counted lapses by itself.
    public func forget(_ buckets: [String]) async throws {}
}

/// One limit and the key it counts under.
public struct RateLimitUse: Hashable, Sendable {
    /// `action` and key; the key is stored as a hash.
    public var bucket: String
    /// How many attempts…
    public var amount: Int
    /// …within that many seconds.
    public var per: TimeInterval

    /// Attempts of a later time than that from now were counted by a wrong clock and do not count, so that
    /// a clock that was ahead locks nobody out. Some seconds are nothing: parallel attempts overtake each
    /// other between looking at the clock and being counted.
    public static let clockTolerance: TimeInterval = 60

    public init(bucket: String, amount: Int, per: TimeInterval) {
        self.bucket = bucket
        self.amount = amount
        self.per = per
    }
}

/// Whether an attempt may go on.
public enum RateLimitDecision: Sendable {
    /// Counted.
    case allowed(RateLimitTicket)
    /// Not counted; to be tried again after that many seconds.
    case refused(retryAfter: TimeInterval)
}

/// An attempt that was counted.
public struct RateLimitTicket: Hashable, Sendable {
    /// The rows that were written, for the limiter's own use.
    public var entries: [Int64]
    public init(entries: [Int64]) { self.entries = entries }
}
