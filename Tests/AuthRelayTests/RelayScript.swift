// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation

@testable import AuthRelay

/// A deterministic simulation of an outbox and a broker around a ``RelayState``: a closure returns the broker's answer
/// to each row, in order, which may be to close the channel.
struct RelayScript {
    private struct Stored {
        var row: OutboxRow
        var notBefore: Date?
    }

    private var state = RelayState(settings: RelaySettings())
    private var now = Date(timeIntervalSince1970: 1_795_420_800)
    private var outbox: [Int64: Stored] = [:]
    private var open: [(number: Int, rows: [OutboxRow])] = []
    private var actions: [RelayAction] = []
    private var mustWait = false
    private let answer: (OutboxRow, Int) -> PublishOutcome

    /// The rows of each published batch, in order.
    private(set) var published: [[Int64]] = []
    private(set) var confirmed: [Int64] = []
    private(set) var parked: [Int64: String] = [:]
    private(set) var logEvents: [RelayLogEvent] = []
    private(set) var pauses: [Duration] = []
    /// How often the channel was closed.
    private(set) var closings = 0

    /// - Parameter answer: returns the broker's outcome for a row; the second argument is the number of channel closes.
    init(_ rows: [OutboxRow], answer: @escaping (OutboxRow, Int) -> PublishOutcome) {
        self.answer = answer
        for row in rows { outbox[row.sequence] = Stored(row: row) }
        actions = state.start()
    }

    /// The pending rows with their number of attempts.
    var pending: [Int64: Int] { outbox.mapValues(\.row.attempts) }
    var suspects: [SuspectSignal] { state.suspects.signals }

    /// Runs until no row is pending, or until the channel was closed `limit` times.
    mutating func run(closings limit: Int = 1000, seconds: Int = 10_000) {
        for _ in 0..<seconds {
            while !actions.isEmpty || !open.isEmpty {
                if closings >= limit { return }
                actions.isEmpty ? answerAll() : perform(actions.removeFirst())
            }
            if outbox.isEmpty { return }
            now += 1
            report(.settlementDue)
            report(.swept)
        }
    }

    private mutating func report(_ event: RelayEvent) { actions += state.handle(event, at: now) }

    private mutating func perform(_ action: RelayAction) {
        switch action {
        case .awaitReady(let pause):
            pauses.append(pause)
            mustWait = false
            report(.ready)
        case .read(let read): report(find(read))
        case .publish(let number, let rows):
            published.append(rows.map(\.sequence))
            // Like a publisher: after a lost connection it rejects batches until its readiness was awaited.
            if mustWait {
                report(.answered(batch: number, rows.map { _ in .unknown("lost") }))
            } else {
                open.append((number, rows))
            }
        case .settle(let settlements):
            settle(settlements)
            report(.settled)
        case .settleLater: report(.settlementDue)
        case .report(let event): logEvents.append(event)
        case .finish: break
        }
    }

    /// The broker answers all batches in flight.
    private mutating func answerAll() {
        let batches = open
        open = []
        var closed: PublishOutcome?
        for batch in batches {
            let outcomes = batch.rows.map { row in
                if let closed { return closed }
                let outcome = answer(row, closings)
                switch outcome {
                case .closed, .unknown: closed = outcome
                default: break
                }
                return outcome
            }
            if closed != nil { mustWait = true }
            report(.answered(batch: batch.number, outcomes))
        }
        if closed != nil { closings += 1 }
    }

    private func find(_ read: RelayRead) -> RelayEvent {
        let all = outbox.values.sorted { $0.row.sequence < $1.row.sequence }
        switch read {
        case .deferred(let limit):
            return .found(read, rows: all.filter { $0.notBefore != nil }.prefix(limit).map(\.row), cursor: 0)
        case .new(let after, let limit):
            let page = all.filter { $0.row.sequence > after }.prefix(limit)
            let rows = page.filter { ($0.notBefore ?? .distantPast) <= now }.map(\.row)
            return .found(
                read, rows: rows, cursor: page.last?.row.sequence ?? after, hasMore: page.count == limit)
        case .due(let cursor, let limit):
            let due = all.filter { $0.row.sequence <= cursor && $0.notBefore.map { $0 <= now } ?? false }
            return .found(read, rows: due.prefix(limit).map(\.row), cursor: cursor)
        case .blocked(let subject, let after, let limit):
            let blocked = all.filter { $0.row.draft.subject == subject && $0.row.sequence > after }
            return .found(read, rows: blocked.prefix(limit).map(\.row), cursor: after)
        }
    }

    private mutating func settle(_ settlements: [OutboxSettlement]) {
        for settlement in settlements {
            switch settlement.result {
            case .retry(let date, _):
                outbox[settlement.sequence]?.notBefore = date
                outbox[settlement.sequence]?.row.attempts += 1
                continue
            case .confirmed: confirmed.append(settlement.sequence)
            case .parked(let reason): parked[settlement.sequence] = reason
            case .unrouted: break
            }
            outbox[settlement.sequence] = nil
        }
    }
}
