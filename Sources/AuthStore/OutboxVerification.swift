// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// The result of checking that no signal was lost within the store.
public struct OutboxVerification: Hashable, Sendable, Codable {
    /// The numbers of emitted, pending and settled signals.
    public var status: OutboxStatus
    /// Settled rows that are still kept.
    public var kept: Int
    /// Settled rows that were deleted after the retention period.
    public var purged: Int
    /// Descriptions of the inconsistencies; empty if every signal is accounted for.
    public var faults: [String]

    /// Whether every signal that was ever emitted is accounted for.
    public var isWhole: Bool { faults.isEmpty }
}

extension OutboxVerification {
    /// Compares counters with counted rows.
    ///
    /// - Parameters:
    ///   - status: with ``OutboxStatus/pending`` counted, not computed from counters.
    ///   - kept: the counted rows of the history and the parked ones.
    ///   - twice: how many sequence numbers, and how many ids, occur more than once.
    package init(
        status: OutboxStatus, count: OutboxCount, kept: (confirmed: Int, unrouted: Int, parked: Int),
        twice: (numbers: Int, ids: Int)
    ) {
        self.status = status
        self.kept = kept.confirmed &+ kept.unrouted &+ kept.parked
        purged = count.purged
        faults = []
        func compare(_ left: Int, _ right: Int, _ what: String) {
            if left != right { faults.append("\(what): \(left) and \(right)") }
        }
        compare(
            status.emitted, count.settled &+ count.erased &+ status.pending,
            "emitted; settled, erased and pending together")
        compare(count.settled, self.kept &+ purged, "settled; kept and purged together")
        for (have, most, state) in [
            (kept.confirmed, count.confirmed, "confirmed"), (kept.unrouted, count.unrouted, "unrouted"),
            (kept.parked, count.parked, "parked"),
        ] where have > most {
            faults.append("more \(state) rows than counted: \(have) and \(most)")
        }
        if twice.numbers > 0 { faults.append("numbers that occur twice: \(twice.numbers)") }
        if twice.ids > 0 { faults.append("ids that occur twice: \(twice.ids)") }
    }
}
