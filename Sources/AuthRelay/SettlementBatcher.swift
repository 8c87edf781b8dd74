// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Batches known outcomes and writes them to the outbox, one transaction at a time.
struct SettlementBatcher: Sendable {
    private enum Pause {
        /// No delay is running.
        case none
        /// Outcomes are gathered, to be written together.
        case gathering
        case afterFailure
        /// The delay is over: write.
        case over
    }

    /// The maximum number of rows that one transaction writes.
    let limit: Int
    private var waiting: [OutboxSettlement] = []
    private var inFlight: [OutboxSettlement] = []
    private var pause = Pause.none
    /// The rows whose outcome is known and not yet written.
    private var unsettled: Set<Int64> = []
    /// The rows that were written while a read is running, which may still return their old state.
    private var settledMeanwhile: Set<Int64> = []

    init(limit: Int) { self.limit = limit }

    /// The number of rows that are not yet written.
    var count: Int { unsettled.count }
    var isEmpty: Bool { waiting.isEmpty && inFlight.isEmpty }

    /// Whether the row's outcome is known although a read may still return the row.
    func knows(_ sequence: Int64) -> Bool {
        unsettled.contains(sequence) || settledMeanwhile.contains(sequence)
    }

    mutating func add(_ settlement: OutboxSettlement) {
        unsettled.insert(settlement.sequence)
        waiting.append(settlement)
    }

    /// The next action, if any.
    ///
    /// - Parameter isUrgent: Whether to write without gathering.
    mutating func next(isUrgent: Bool) -> RelayAction? {
        guard inFlight.isEmpty, !waiting.isEmpty else { return nil }
        let isFull = waiting.count >= limit && pause != .afterFailure
        if isFull || isUrgent || pause == .over {
            inFlight = Array(waiting.prefix(limit))
            waiting.removeFirst(inFlight.count)
            if pause == .over, waiting.isEmpty { pause = .none }
            return .settle(inFlight)
        }
        guard pause == .none else { return nil }
        pause = .gathering
        return .settleLater(isRetry: false)
    }

    /// The delay for gathering, or after a failure, is over.
    mutating func isDue() { pause = .over }

    /// The current transaction was committed.
    ///
    /// - Parameter isReading: Whether a read is running.
    mutating func succeeded(isReading: Bool) {
        for settlement in inFlight {
            unsettled.remove(settlement.sequence)
            if isReading { settledMeanwhile.insert(settlement.sequence) }
        }
        inFlight = []
    }

    /// The current transaction failed and must be retried.
    mutating func failed() -> RelayAction {
        waiting = inFlight + waiting
        inFlight = []
        pause = .afterFailure
        return .settleLater(isRetry: true)
    }

    /// Abandons the unwritten outcomes; the next relay publishes those rows again.
    mutating func abandon() {
        waiting = []
        inFlight = []
    }

    /// The read has ended.
    mutating func readEnded() { settledMeanwhile = [] }
}
