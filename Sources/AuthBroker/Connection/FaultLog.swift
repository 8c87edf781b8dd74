// SPDX-License-Identifier: Apache-2.0
import Logging

/// Rate-limits the log messages about a connection's failures: each kind is logged immediately, then every few minutes
/// while it recurs. A broker that is down for a night neither floods the log nor disappears from its end.
struct FaultLog {
    /// How often a kind of failure is logged per ``interval``: a failed attempt once; the loss of a connection more
    /// often, since each is a new event, but not every time if it is lost every second.
    private static let (attempts, losses) = (1, 20)
    /// Starts with the first failure of a kind.
    static let interval: Duration = .seconds(300)
    /// A connection that lasted this long resets the counts, so that its loss is logged.
    static let soundAge: Duration = .seconds(60)
    /// The maximum number of kinds that are counted; the oldest is dropped for a new one.
    private static let mostKinds = 16

    private struct Kind: Hashable {
        var node: String
        var error: BrokerError
        var isLoss: Bool
    }

    private struct Count {
        var since: ContinuousClock.Instant
        var logged = 0
        /// How many were suppressed since the last one that was logged.
        var skipped = 0
    }

    private var counts: [Kind: Count] = [:]
    /// Whether a failure was logged since the last successful connection.
    private var isOpen = false

    /// - Parameter isLoss: Whether an established connection was lost; otherwise an attempt failed.
    /// - Returns: How many of this kind were suppressed since the last one that was logged; nil if this one must not be
    ///   logged.
    mutating func admit(
        _ error: BrokerError, at url: BrokerURL, isLoss: Bool, now: ContinuousClock.Instant = .now
    ) -> Int? {
        let kind = Kind(node: "\(url)", error: error, isLoss: isLoss)
        var count = counts[kind] ?? Count(since: now)
        if now - count.since >= Self.interval { (count.since, count.logged) = (now, 0) }
        let skipped = count.skipped
        let isAdmitted = count.logged < (isLoss ? Self.losses : Self.attempts)
        if isAdmitted { (count.logged, count.skipped) = (count.logged + 1, 0) } else { count.skipped += 1 }
        if counts.count >= Self.mostKinds, counts[kind] == nil,
            let oldest = counts.min(by: { $0.value.since < $1.value.since })?.key
        {
            counts[oldest] = nil
        }
        counts[kind] = count
        guard isAdmitted else { return nil }
        isOpen = true
        return skipped
    }

    /// The connection was established.
    ///
    /// - Returns: Whether that ends a failure that was logged.
    mutating func connected() -> Bool {
        defer { isOpen = false }
        return isOpen
    }

    /// A connection ended after it was held for `age`.
    mutating func ended(after age: Duration) {
        if age >= Self.soundAge { counts = [:] }
    }
}

extension BrokerError {
    /// Notice for failures that end when the broker or the network is back, warning for those that need an operator.
    var logLevel: Logger.Level {
        switch code {
        case .unreachable, .connectionLost, .unconfirmed, .stopped: .notice
        default: .warning
        }
    }
}
