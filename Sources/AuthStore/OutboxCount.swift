// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
package import Foundation

/// Counters of settled rows, updated when rows are settled, so that they stay correct when history is purged.
package struct OutboxCount: Hashable, Sendable {
    package var confirmed = 0
    package var unrouted = 0
    package var parked = 0
    /// How many of the settled rows were deleted since.
    package var purged = 0
    /// How many pending rows were erased.
    package var erased = 0
    /// How many numbers have no signal: a restored store continues at a higher number.
    package var skipped = 0
    package var restoredAt: Date?
    package var pausedSince: Date?

    package init() {}

    /// Wrapping addition, because the numbers come from a database that other programs can write.
    package var settled: Int { confirmed &+ unrouted &+ parked }

    /// Whether nothing is counted.
    package var isEmpty: Bool {
        confirmed == 0 && unrouted == 0 && parked == 0 && purged == 0 && erased == 0
    }

    /// - Parameters:
    ///   - lastSequence: the number of all signals ever emitted, those of the skipped numbers included.
    ///   - oldestPending: when the oldest pending signal was emitted; nil if none is pending.
    package func status(lastSequence: Int, oldestPending: Date?) -> OutboxStatus {
        let numbers = lastSequence.subtractingReportingOverflow(skipped)
        let emitted = numbers.overflow ? (skipped < 0 ? Int.max : .min) : numbers.partialValue
        // Counting the rows would read a whole backlog every few seconds.
        let pending = oldestPending == nil ? 0 : max(0, emitted &- settled &- erased)
        return OutboxStatus(
            pending: pending, oldestPending: oldestPending, unrouted: unrouted, parked: parked,
            confirmed: confirmed, emitted: emitted, erased: erased, pausedSince: pausedSince,
            restoredAt: restoredAt)
    }
}
