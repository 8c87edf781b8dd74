// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The outcomes that are known and on their way into the outbox, one transaction at a time.
struct RelaySettling: Sendable {
    private enum Pause {
        /// Nobody waits.
        case none
        /// More outcomes are awaited, to be written together.
        case gathering
        case afterFailure
        /// It is time to write.
        case over
    }

    /// How many rows one transaction writes at most.
    let limit: Int
    private var waiting: [OutboxSettlement] = []
    private var underWay: [OutboxSettlement] = []
    private var pause = Pause.none
    /// The rows whose outcome is known and not yet written.
    private var unsettled: Set<Int64> = []
    /// The rows that were written while a read is under way, which may still show them as they were.
    private var settledMeanwhile: Set<Int64> = []

    init(limit: Int) { self.limit = limit }

    /// How many rows are not yet written.
    var count: Int { unsettled.count }
    var isEmpty: Bool { waiting.isEmpty && underWay.isEmpty }

    /// Whether the outcome of the row is known, and a read may not show it.
    func knows(_ sequence: Int64) -> Bool {
        unsettled.contains(sequence) || settledMeanwhile.contains(sequence)
    }

    mutating func add(_ settlement: OutboxSettlement) {
        unsettled.insert(settlement.sequence)
        waiting.append(settlement)
    }

    /// What is to be done now, if anything.
    ///
    /// - Parameter isUrgent: whether nothing is waited for.
    mutating func next(isUrgent: Bool) -> RelayAction? {
        guard underWay.isEmpty, !waiting.isEmpty else { return nil }
        let isFull = waiting.count >= limit && pause != .afterFailure
        if isFull || isUrgent || pause == .over {
            underWay = Array(waiting.prefix(limit))
            waiting.removeFirst(underWay.count)
            if pause == .over, waiting.isEmpty { pause = .none }
            return .settle(underWay)
        }
        guard pause == .none else { return nil }
        pause = .gathering
        return .settleLater(isRetry: false)
    }

    /// The time for gathering, or for waiting after a failure, is over.
    mutating func isDue() { pause = .over }

    /// What was under way is written.
    ///
    /// - Parameter isReading: whether a read is under way.
    mutating func succeeded(isReading: Bool) {
        for settlement in underWay {
            unsettled.remove(settlement.sequence)
            if isReading { settledMeanwhile.insert(settlement.sequence) }
        }
        underWay = []
    }

    /// What was under way is not written; it is to be tried again.
    mutating func failed() -> RelayAction {
        waiting = underWay + waiting
        underWay = []
        pause = .afterFailure
        return .settleLater(isRetry: true)
    }

    /// Leaves what is not written to the next relay, which publishes it again.
    mutating func abandon() {
        waiting = []
        underWay = []
    }

    /// The read has ended.
    mutating func readEnded() { settledMeanwhile = [] }
}
