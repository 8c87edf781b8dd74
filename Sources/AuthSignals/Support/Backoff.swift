// SPDX-License-Identifier: Apache-2.0

/// Exponential backoff with jitter: the delay doubles with each failure, up to a limit, and is shortened by a part that
/// differs between callers, so that they do not all try again at the same time.
///
/// ```swift
/// let backoff = Backoff(first: .seconds(1), limit: .seconds(300), jitter: 20)
/// let delay = backoff.delay(afterFailures: 3)  // 3.2 s to 4 s
/// ```
public struct Backoff: Hashable, Sendable {
    /// The delay after the first failure, before jitter.
    public var first: Duration
    /// The maximum delay.
    public var limit: Duration
    /// How much of a delay jitter removes at most, in percent from 0 to 100; others count as the nearest of these.
    public var jitter: Int

    public init(first: Duration, limit: Duration, jitter: Int) {
        self.first = first
        self.limit = limit
        self.jitter = jitter
    }

    /// The delay after `failures` failures, from 1, with random jitter.
    public func delay(afterFailures failures: Int) -> Duration {
        delay(afterFailures: failures, share: .random(in: 0...Self.shares))
    }

    /// The delay after `failures` failures, from 1, with a jitter that depends on a number only: rows that failed
    /// together are tried again at different times, each at the same time however often it is computed.
    ///
    /// - Parameters:
    ///   - failures: How many failures there were, from 1.
    ///   - sequence: The row's number.
    public func delay(afterFailures failures: Int, sequence: Int64) -> Duration {
        let spread = (UInt64(bitPattern: sequence) &* 0x9E37_79B9_7F4A_7C15) >> 54
        return delay(afterFailures: failures, share: Int(spread))
    }

    /// The number of equal shares of the part that jitter may remove.
    package static let shares = 1023

    /// - Parameter share: How many of the ``shares`` are kept: 0 is the shortest delay, all are the whole one.
    package func delay(afterFailures failures: Int, share: Int) -> Duration {
        let doublings = min(max(failures, 1) - 1, 30)
        let whole = min(first * (1 << doublings), limit)
        let percent = min(max(jitter, 0), 100)
        return whole * (100 - percent) / 100 + whole * share / Self.shares * percent / 100
    }
}
