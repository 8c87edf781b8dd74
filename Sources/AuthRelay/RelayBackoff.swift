// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// Exponential backoff of a row that the broker nacked: the delay doubles with each failure, up to a limit.
public struct RelayBackoff: Hashable, Sendable {
    /// The delay after the first failure.
    public var first: Duration
    /// The maximum delay; not above ``AuthSignals/OutboxSettlement/longestWait``, since an outbox attributes a longer
    /// one to a wrong clock.
    public var limit: Duration

    public init(
        first: Duration = .seconds(1), limit: Duration = .seconds(OutboxSettlement.longestWait)
    ) {
        self.first = first
        self.limit = limit
    }

    /// The delay after `failures` failures, from 1.
    ///
    /// - Parameter sequence: The row's number. It spreads rows that failed together over the last fifth of the delay,
    ///   so that a queue that has room again is not filled immediately.
    public func delay(afterFailures failures: Int, sequence: Int64) -> Duration {
        let doublings = min(max(failures, 1) - 1, 30)
        let whole = min(first * (1 << doublings), limit, .seconds(OutboxSettlement.longestWait))
        let spread = (UInt64(bitPattern: sequence) &* 0x9E37_79B9_7F4A_7C15) >> 54
        return whole * 4 / 5 + whole * Int(spread) / 1023 / 5
    }
}
