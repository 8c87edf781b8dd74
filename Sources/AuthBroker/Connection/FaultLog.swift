// SPDX-License-Identifier: Apache-2.0
import Logging

/// Decides which faults of a connection are logged: each kind at once, then every few minutes as long as it comes
/// again, so that a broker that is away for a night neither fills the log nor is missing from its end.
struct FaultLog {
    /// A kind of fault is logged so often in ``interval``: an attempt that fails once, the loss of a connection, which
    /// is news each time, as long as it is not lost every second.
    private static let (attempts, losses) = (1, 20)
    /// Counted from the first of them.
    static let interval: Duration = .seconds(300)
    /// A connection that was held for as long is sound: when it is lost, that is news.
    static let soundAge: Duration = .seconds(60)
    /// More kinds at a time are not told apart.
    private static let mostKinds = 16

    private struct Kind: Hashable {
        var node: String
        var error: BrokerError
        var isLoss: Bool
    }

    private struct Count {
        var since: ContinuousClock.Instant
        var logged = 0
        /// Not logged since the last that was.
        var skipped = 0
    }

    private var counts: [Kind: Count] = [:]
    /// Whether something was logged since the last connection.
    private var isOpen = false

    /// - Parameter isLoss: whether there was a connection; otherwise an attempt failed.
    /// - Returns: how many of the kind were not logged since the last one that was; nil if this one is not to be
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

    /// There is a connection.
    ///
    /// - Returns: whether that ends a fault that was logged.
    mutating func connected() -> Bool {
        defer { isOpen = false }
        return isOpen
    }

    /// A connection that was held for some time is over.
    mutating func ended(after age: Duration) {
        if age >= Self.soundAge { counts = [:] }
    }
}

extension BrokerError {
    /// A notice for what mends itself once the broker or the network is back, a warning for what does not.
    var logLevel: Logger.Level {
        switch code {
        case .unreachable, .connectionLost, .unconfirmed, .stopped: .notice
        default: .warning
        }
    }
}
