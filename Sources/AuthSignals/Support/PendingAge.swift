// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Synchronization

/// The age of the oldest pending item, for callers that poll it.
///
/// The age is the time since the item's own time, or since it was first seen, whichever is longer. The second is
/// measured by a clock that cannot be set: an item that was written while the wall clock was ahead ages all the same,
/// and a wall clock that is behind for a moment changes nothing.
public final class PendingAge: Sendable {
    /// The oldest item, identified by its time, and when it was first seen.
    private let known = Mutex<(oldest: Date, firstSeen: Duration)?>(nil)
    private let uptime: @Sendable () -> Duration

    /// - Parameter uptime: the time since a fixed moment, by a clock that cannot be set.
    public init(uptime: @escaping @Sendable () -> Duration = PendingAge.uptime()) { self.uptime = uptime }

    /// Counts from this call, by the continuous clock.
    public static func uptime() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }

    /// - Parameters:
    ///   - oldest: the time of the oldest item; nil if nothing is pending.
    ///   - now: the current time.
    /// - Returns: seconds, 0 or more.
    public func seconds(of oldest: Date?, at now: Date) -> TimeInterval {
        let uptime = uptime()
        return known.withLock { known in
            guard let oldest else {
                known = nil
                return 0
            }
            let firstSeen = known.flatMap { $0.oldest == oldest ? $0.firstSeen : nil } ?? uptime
            known = (oldest, firstSeen)
            return max(now.timeIntervalSince(oldest), (uptime - firstSeen) / .seconds(1))
        }
    }
}
