// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Counts attempts: a seam, since a service on several hosts cannot share its limits in a file.
///
/// Counting is atomic: parallel attempts never exceed a limit. `RateLimiterConformance` of `AuthTesting` checks an
/// implementation.
public protocol RateLimiter: Sendable {
    /// Counts one attempt against every limit, or against none if a limit is reached.
    ///
    /// - Parameters:
    ///   - limits: the limits, each with the key it counts under.
    ///   - now: the current time.
    func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision

    /// Removes an attempt that was counted and then succeeded.
    func refund(_ ticket: RateLimitTicket) async throws

    /// Removes all attempts that were counted in these buckets.
    func forget(_ buckets: [String]) async throws
}

extension RateLimiter {
    /// Does nothing: attempts expire by themselves.
    public func forget(_ buckets: [String]) async throws {}
}

/// A rate limiter that keeps expired attempts until they are deleted, for example in a database.
public protocol SweepingRateLimiter: RateLimiter {
    /// Deletes expired attempts, in small batches.
    ///
    /// - Returns: how many attempts were deleted.
    func sweep(now: Date) async throws -> Int
}

/// One limit and the key it counts under.
public struct RateLimitUse: Hashable, Sendable {
    /// The action and the key, of which only a hash is kept.
    public var bucket: String
    /// How many attempts…
    public var amount: Int
    /// …within that many seconds.
    public var per: TimeInterval

    /// An attempt whose time is further in the future than this was recorded while the clock was ahead. It does not
    /// count, so that a wrong clock does not lock users out. Small differences are normal, because parallel attempts
    /// can overtake each other between reading the clock and being counted.
    public static let clockTolerance: TimeInterval = 60

    public init(bucket: String, amount: Int, per: TimeInterval) {
        self.bucket = bucket
        self.amount = amount
        self.per = per
    }
}

/// Whether an attempt is allowed.
public enum RateLimitDecision: Sendable {
    /// The attempt was counted.
    case allowed(RateLimitTicket)
    /// The attempt was not counted; try again after that many seconds.
    case refused(retryAfter: TimeInterval)
}

/// An attempt that was counted.
public struct RateLimitTicket: Hashable, Sendable {
    /// The rows that were written, for the limiter's own use.
    public var entries: [Int64]
    public init(entries: [Int64]) { self.entries = entries }
}
