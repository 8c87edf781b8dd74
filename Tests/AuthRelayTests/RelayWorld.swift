// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import ToolSupport

@testable import AuthRelay

/// A random simulation of an outbox and a broker around a ``RelayState``. Violations of the relay's guarantees are
/// recorded in ``breaches``.
struct RelayWorld {
    private struct Stored {
        var row: OutboxRow
        var notBefore: Date?
    }
    private struct Batch {
        var number: Int
        var rows: [OutboxRow]
        var outcomes: [PublishOutcome] = []
    }

    private var chance: SeededGenerator
    private(set) var breaches: [String] = []
    private var now = Date(timeIntervalSince1970: 1_795_420_800)

    // The outbox.
    private var outbox: [Int64: Stored] = [:]
    private var order: [Int64] = []
    private var last: Int64 = 0
    private(set) var committed: Set<Int64> = []
    private(set) var finals: [Int64: OutboxSettlement.Result] = [:]

    // The broker.
    private(set) var delivered: [Int64] = []
    private var deliveredSet: Set<Int64> = []
    /// The subjects of which the broker did not store every row on its first arrival.
    private(set) var disturbed: Set<String> = []
    /// The rows because of which the broker closes the channel.
    private(set) var poison: Set<Int64> = []
    /// Until this time, the broker closes the channel because of every row.
    private var refusesUntil: Date?
    private(set) var closings = 0
    private var open: [Batch] = []
    /// The connection was lost, and the relay has not awaited the next one. Until it does, a publisher rejects batches.
    private var isLost = false

    // The relay.
    private var state: RelayState
    private var jobs: [RelayAction] = []
    private var events: [RelayEvent] = []
    /// The rows in flight, with their batch: the relay has not received their outcome yet.
    private var unanswered: [Int64: Int] = [:]
    private var answeredForGood: Set<Int64> = []
    private(set) var crashes = 0

    private var subjects: [Int64: String] = [:]

    init(seed: UInt64) {
        chance = SeededGenerator(seed: seed)
        state = RelayState(settings: Self.settings)
        enact(state.start())
    }

    private static var settings: RelaySettings {
        var settings = RelaySettings()
        settings.batchSize = 4
        settings.settleLimit = 3
        return settings
    }

    var isEmpty: Bool { outbox.isEmpty }
    func subject(of sequence: Int64) -> String? { subjects[sequence] }

    // MARK: Random events

    /// Performs one random event.
    mutating func step(faulty: Bool) {
        switch Int.random(in: 0..<20, using: &chance) {
        case 0..<3 where faulty: commit()
        case 3 where faulty && chance.oneIn(12): crash()
        case 4 where faulty && chance.oneIn(6): loseConnection(.unknown("lost"))
        case 4 where faulty && refusesUntil == nil && chance.oneIn(60):
            refusesUntil = now + Double.random(in: 0...100, using: &chance)
        // A row is only blamed once others are accepted, so there must be more rows.
        case 4 where !faulty && outbox.keys.contains(where: poison.contains) && chance.oneIn(20):
            commit(poisonous: false)
        case 5: now += Double.random(in: 0...40, using: &chance)
        case 6: report(.swept)
        case 7..<12: answerOne(faulty: faulty)
        case 12..<16: doOneJob(faulty: faulty)
        default: deliverOneEvent()
        }
    }

    private mutating func commit(poisonous: Bool = true) {
        for _ in 0..<Int.random(in: 1...4, using: &chance) {
            last += Int64.random(in: 1...2, using: &chance)
            let subject = ["a", "b", "c", nil].randomElement(using: &chance) ?? nil
            subjects[last] = subject
            outbox[last] = Stored(row: OutboxRow(sequence: last, draft: .test(Int(last), subject: subject)))
            order.append(last)
            committed.insert(last)
            if poisonous, chance.oneIn(25) { poison.insert(last) }
        }
        events.append(.wokenUp)
    }

    private mutating func crash() {
        crashes += 1
        loseConnection(.unknown("lost"))
        (jobs, events, unanswered, answeredForGood) = ([], [], [:], [])
        state = RelayState(settings: Self.settings)
        enact(state.start())
    }

    // MARK: The broker

    /// - Parameter closed: the row because of which the channel is closed, if any.
    private mutating func loseConnection(_ outcome: PublishOutcome, over closed: Int64? = nil) {
        // On one channel, the stored rows are a prefix of the published ones.
        var isStoring = true
        for batch in open {
            var batch = batch
            for row in batch.rows.dropFirst(batch.outcomes.count) where isStoring {
                isStoring = closed == nil && !poison.contains(row.sequence) && !chance.oneIn(4)
                if isStoring { store(row) }
            }
            // Confirms in flight are lost, too.
            let known = batch.outcomes.prefix(Int.random(in: 0...batch.outcomes.count, using: &chance))
            batch.outcomes = known + batch.rows.dropFirst(known.count).map { _ in outcome }
            events.append(.answered(batch: batch.number, batch.outcomes))
        }
        open = []
        isLost = true
    }

    private mutating func store(_ row: OutboxRow) {
        delivered.append(row.sequence)
        deliveredSet.insert(row.sequence)
    }

    private mutating func answerOne(faulty: Bool) {
        guard let first = open.first else { return }
        let row = first.rows[first.outcomes.count]
        if let refusesUntil, now < refusesUntil {
            closings += 1
            return loseConnection(.closed(code: 403, text: "every message is refused"), over: row.sequence)
        }
        if poison.contains(row.sequence) {
            closings += 1
            return loseConnection(.closed(code: 406, text: "poison"), over: row.sequence)
        }
        let outcome: PublishOutcome
        switch faulty ? Int.random(in: 0..<30, using: &chance) : 29 {
        case 0..<3: outcome = .nacked
        case 3: outcome = .returned(code: 312, text: "NO_ROUTE")
        case 4: outcome = .refused("a rule")
        default:
            outcome = .confirmed
            store(row)
        }
        if outcome != .confirmed, let subject = row.draft.subject { disturbed.insert(subject) }
        open[0].outcomes.append(outcome)
        if open[0].outcomes.count == open[0].rows.count {
            let batch = open.removeFirst()
            events.append(.answered(batch: batch.number, batch.outcomes))
        }
    }

    // MARK: The relay

    private mutating func deliverOneEvent() {
        guard let index = events.indices.randomElement(using: &chance) else { return }
        report(events.remove(at: index))
    }

    private mutating func report(_ event: RelayEvent) {
        if case .answered(_, let outcomes) = event { noteAnswer(event, outcomes) }
        enact(state.handle(event, at: now))
    }

    private mutating func noteAnswer(_ event: RelayEvent, _ outcomes: [PublishOutcome]) {
        guard case .answered(let number, _) = event, let rows = state.batches[number] else { return }
        for (sequence, outcome) in zip(rows, outcomes) {
            unanswered[sequence] = nil
            switch outcome {
            case .confirmed, .returned, .refused: answeredForGood.insert(sequence)
            case .nacked, .unknown, .closed: break
            }
        }
    }

    private mutating func enact(_ actions: [RelayAction]) {
        for action in actions {
            switch action {
            case .publish(let number, let rows): publish(rows, number)
            case .report(.parked(_, let id, _)):
                answeredForGood.formUnion(outbox.values.filter { $0.row.draft.id == id }.map(\.row.sequence))
            case .report: break
            case .finish: breaches.append("it finished without a stop")
            default: jobs.append(action)
            }
        }
    }

    private mutating func publish(_ rows: [OutboxRow], _ number: Int) {
        for row in rows {
            if !committed.contains(row.sequence) { breaches.append("\(row.sequence) was never committed") }
            if unanswered[row.sequence] != nil { breaches.append("\(row.sequence) is in flight already") }
            if answeredForGood.contains(row.sequence) {
                breaches.append("\(row.sequence) was answered already")
            }
            if let subject = row.draft.subject {
                for earlier in order.prefix(while: { $0 < row.sequence }) where subjects[earlier] == subject {
                    if unanswered[earlier] == nil, !answeredForGood.contains(earlier) {
                        breaches.append("\(row.sequence) overtakes \(earlier) of \(subject)")
                    }
                }
            }
            unanswered[row.sequence] = number
        }
        if isLost {
            events.append(.answered(batch: number, rows.map { _ in .unknown("lost") }))
        } else {
            open.append(Batch(number: number, rows: rows))
        }
    }

    private mutating func doOneJob(faulty: Bool) {
        guard let index = jobs.indices.randomElement(using: &chance) else { return }
        switch jobs.remove(at: index) {
        case .awaitReady:
            isLost = false
            events.append(.ready)
        case .settleLater: events.append(.settlementDue)
        case .read(let read):
            events.append(faulty && chance.oneIn(10) ? .readFailed : find(read))
        case .settle(let settlements):
            if faulty, chance.oneIn(10) {
                events.append(.settlementFailed)
            } else {
                settle(settlements)
                events.append(.settled)
            }
        case .publish, .report, .finish: break
        }
    }

    // MARK: The outbox

    private func rows(limit: Int, where isWanted: (Stored) -> Bool) -> [OutboxRow] {
        var found: [OutboxRow] = []
        for sequence in order {
            guard found.count < limit else { break }
            if let stored = outbox[sequence], isWanted(stored) { found.append(stored.row) }
        }
        return found
    }

    private func find(_ read: RelayRead) -> RelayEvent {
        switch read {
        case .deferred(let limit):
            return .found(read, rows: rows(limit: limit) { $0.notBefore != nil }, cursor: 0)
        case .new(let after, let limit):
            let looked = rows(limit: limit) { $0.row.sequence > after }
            let found = looked.filter { (outbox[$0.sequence]?.notBefore ?? .distantPast) <= now }
            return .found(
                read, rows: found, cursor: looked.last?.sequence ?? after, hasMore: looked.count == limit)
        case .due(let cursor, let limit):
            let due = rows(limit: limit) {
                $0.row.sequence <= cursor && $0.notBefore.map { $0 <= now } ?? false
            }
            return .found(read, rows: due, cursor: cursor)
        case .blocked(let subject, let after, let limit):
            let blocked = rows(limit: limit) { $0.row.draft.subject == subject && $0.row.sequence > after }
            return .found(read, rows: blocked, cursor: after)
        }
    }

    private mutating func settle(_ settlements: [OutboxSettlement]) {
        for settlement in settlements {
            let sequence = settlement.sequence
            guard outbox[sequence] != nil else { continue }
            if case .retry(let date, _) = settlement.result {
                outbox[sequence]?.notBefore = date
                outbox[sequence]?.row.attempts += 1
                continue
            }
            if case .parked(let reason) = settlement.result, reason != "a rule", !poison.contains(sequence) {
                breaches.append("\(sequence) was parked without a reason of its own: \(reason)")
            }
            if settlement.result == .confirmed, !deliveredSet.contains(sequence) {
                breaches.append("\(sequence) was settled and never delivered")
            }
            outbox[sequence] = nil
            order.removeAll { $0 == sequence }
            finals[sequence] = settlement.result
        }
    }
}
