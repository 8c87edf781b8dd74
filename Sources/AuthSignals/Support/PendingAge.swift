// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Synchronization

/// The age of the oldest pending item, for callers that poll it.
///
/// The age counts from the item's own time, but at the latest from the first time it was seen. Otherwise an item that
/// was written while the clock was ahead would have age 0 until that time is reached.
public final class PendingAge: Sendable {
    /// The oldest item, identified by its time, and the start of its age.
    private let known = Mutex<(oldest: Date, since: Date)?>(nil)

    public init() {}

    /// - Parameter oldest: the time of the oldest item; nil if nothing is pending.
    /// - Returns: seconds, 0 or more.
    public func seconds(of oldest: Date?, at now: Date) -> TimeInterval {
        known.withLock { known in
            guard let oldest else {
                known = nil
                return 0
            }
            let earlier = known.flatMap { $0.oldest == oldest ? $0.since : nil }
            // The clock may have been ahead when the item was first seen, too.
            let since = min(oldest, earlier ?? now, now)
            known = (oldest, since)
            return now.timeIntervalSince(since)
        }
    }
}
