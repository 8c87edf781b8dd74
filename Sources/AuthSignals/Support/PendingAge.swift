// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Synchronization

/// How long the oldest of what waits has waited, for those who look again and again.
///
/// The age counts from the moment that the thing names, but at the latest from the first time that it was
/// seen: what was written while the clock was ahead would otherwise have the age 0 until that moment comes.
public final class PendingAge: Sendable {
    /// The oldest thing, by the moment that it names, and since when it is counted.
    private let known = Mutex<(oldest: Date, since: Date)?>(nil)

    public init() {}

    /// - Parameter oldest: the moment that the oldest thing names; nil if nothing waits.
    /// - Returns: seconds, 0 or more.
    public func seconds(of oldest: Date?, at now: Date) -> TimeInterval {
        known.withLock { known in
            guard let oldest else {
                known = nil
                return 0
            }
            let earlier = known.flatMap { $0.oldest == oldest ? $0.since : nil }
            // The first sight may have been while the clock was ahead, too.
            let since = min(oldest, earlier ?? now, now)
            known = (oldest, since)
            return now.timeIntervalSince(since)
        }
    }
}
