// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The relay's mind: events in, actions out; it knows no clock, no store and no broker.
///
/// One read is under way at a time. The cursor follows the new rows; rows that were set back come by their
/// time, and rows of a subject that was held come by the subject. When outcomes are unknown nothing more is
/// published until all batches are answered, then the cursor goes back to the lowest of them. Which row the broker
/// closes the channel over is found by ``RelaySuspects``.
struct RelayState: Sendable {
    /// What is remembered of a row that was published.
    struct Sent: Sendable {
        var name: SignalName
        var id: UUID
        var subject: String?
        var attempts: Int
    }

    enum Phase: Sendable { case awaitingReady, relaying, lost, stopping, finished }

    let configuration: RelayConfiguration
    private(set) var phase = Phase.awaitingReady
    /// Whether nothing more is to be read for the time being.
    private(set) var isPaused = false

    // Reading.
    var cursor: Int64 = 0
    var isReading = false
    /// Whether the read that is under way began before the cursor went back.
    private var readIsStale = false
    var mayHaveNew = true
    var mayHaveDue = false
    var dueWasFull = false
    var knowsSetBack = false
    private var sweeps = 0
    var holds = RelayHolds()
    var suspects = RelaySuspects()
    /// Whether a suspect is due: it is sent as soon as nothing is in flight.
    var suspectIsDue = false
    /// Whether the last row that was sent was closed over: the next to be sent is not a suspect, if there is another.
    var triesOthers = false

    // Publishing.
    var inFlight: [Int64: Sent] = [:]
    var batches: [Int: [Int64]] = [:]
    private var lastBatch = 0
    /// The batch of one row that was published while nothing was in flight, as long as that is so.
    private var alone: Int?
    /// Whether nothing else may be published until that batch is answered.
    private var keepsAlone = false
    private var lost: Set<Int64> = []
    private var lossesInARow = 0

    private var settling: RelaySettling

    init(configuration: RelayConfiguration) {
        self.configuration = configuration
        settling = RelaySettling(limit: configuration.settleLimit)
    }

    /// What is to be done first.
    mutating func start() -> [RelayAction] { [.awaitReady(after: .zero)] }

    /// - Parameter now: when the event happened.
    mutating func handle(_ event: RelayEvent, at now: Date) -> [RelayAction] {
        var actions: [RelayAction] = []
        switch event {
        case .ready: if phase == .awaitingReady { phase = .relaying }
        case .wokenUp: mayHaveNew = true
        case .swept: sweep()
        case .paused(let isPaused):
            self.isPaused = isPaused
            if !isPaused { lookAgain() }
        case .found(let read, let rows, let found):
            // What was read before a loss may lie behind what is to be sent again.
            let isOfUse = phase == .relaying && !readIsStale && !isPaused
            if isOfUse { actions += publish(take(read, rows, found)) } else { lookAgain() }
            readEnded()
        case .readFailed:
            lookAgain()
            readEnded()
        case .answered(let batch, let outcomes): actions += answer(batch, outcomes, now)
        case .settlementDue: settling.isDue()
        case .settled:
            settling.succeeded(isReading: isReading)
            if dueWasFull { mayHaveDue = true }
        case .settlementFailed:
            if phase == .stopping { settling.abandon() } else { actions.append(settling.failed()) }
        case .stop: if phase != .finished { phase = .stopping }
        case .stopNow: return finish()
        }
        return actions + proceed()
    }

    // MARK: What comes next

    private mutating func proceed() -> [RelayAction] {
        var actions = settling.next(isUrgent: phase == .stopping).map { [$0] } ?? []
        switch phase {
        case .relaying:
            if let read = nextRead() {
                isReading = true
                actions.append(.read(read))
            }
        case .lost where batches.isEmpty: actions.append(goBack())
        case .stopping where batches.isEmpty && settling.isEmpty: actions += finish()
        default: break
        }
        return actions
    }

    private mutating func finish() -> [RelayAction] {
        guard phase != .finished else { return [] }
        phase = .finished
        return [.finish]
    }

    private mutating func sweep() {
        sweeps += 1
        mayHaveNew = true
        mayHaveDue = true
        // A row that holds others may have been taken out of the outbox by an operator.
        if sweeps.isMultiple(of: 60), !holds.isEmpty || suspects.count > 0 { knowsSetBack = false }
    }

    private mutating func readEnded() {
        isReading = false
        readIsStale = false
        settling.readEnded()
    }

    private mutating func lookAgain() {
        mayHaveNew = true
        mayHaveDue = true
    }

    /// All batches are answered: begins again at the lowest row whose outcome is unknown.
    private mutating func goBack() -> RelayAction {
        if let lowest = lost.min() { cursor = min(cursor, lowest - 1) }
        holds.goBack(to: cursor)
        lookAgain()
        readIsStale = isReading
        phase = .awaitingReady
        lossesInARow += 1
        // A message that the broker cuts the connection for must not make a tight circle.
        let growing = Duration.milliseconds(50) * (1 << min(lossesInARow, 10))
        return .awaitReady(after: lossesInARow < 2 ? .zero : min(growing, .seconds(30)))
    }

    // MARK: Publishing

    private mutating func publish(_ rows: [OutboxRow]) -> [RelayAction] {
        guard !rows.isEmpty else { return [] }
        lastBatch += 1
        triesOthers = false
        alone = batches.isEmpty && rows.count == 1 ? lastBatch : nil
        keepsAlone = alone != nil && suspects.mustBeAlone(rows[0].sequence)
        batches[lastBatch] = rows.map(\.sequence)
        for row in rows {
            inFlight[row.sequence] = Sent(
                name: row.draft.name, id: row.draft.id, subject: row.draft.subject, attempts: row.attempts)
        }
        let again = lost.isEmpty ? 0 : rows.count { lost.remove($0.sequence) != nil }
        return [.publish(batch: lastBatch, rows: rows)] + (again > 0 ? [.tell(.republished(again))] : [])
    }

    private mutating func answer(_ batch: Int, _ outcomes: [PublishOutcome], _ now: Date) -> [RelayAction] {
        guard let rows = batches.removeValue(forKey: batch) else { return [] }
        let wasAlone = alone == batch
        if wasAlone { (alone, keepsAlone) = (nil, false) }
        var notices: [RelayNotice] = []
        var (confirmed, unknown, isolated) = (0, 0, 0)
        var isLost = false
        for (index, sequence) in rows.enumerated() {
            guard let sent = inFlight.removeValue(forKey: sequence) else { continue }
            // A publisher that answers for fewer than it was given has said nothing of the others.
            let outcome = index < outcomes.count ? outcomes[index] : .unknown("no answer")
            note(outcome, of: sequence)
            switch outcome {
            case .confirmed:
                confirmed += 1
                settled(sequence, sent, .confirmed, now)
            case .returned:
                notices.append(.unrouted(sent.name, sent.id))
                settled(sequence, sent, .unrouted, now)
            case .refused(let reason):
                notices.append(.parked(sent.name, sent.id, reason: reason))
                settled(sequence, sent, .parked(reason: reason), now)
            case .nacked:
                let delay = configuration.backoff.delay(
                    afterFailures: sent.attempts + 1, sequence: sequence)
                notices.append(.nacked(sent.name, sent.id, delay: delay))
                if let subject = sent.subject { holds.hold(subject, behind: sequence) }
                note(sequence, .retry(at: now.addingTimeInterval(delay / .seconds(1)), reason: "nacked"), now)
            case .closed(let code, let text) where wasAlone:
                isLost = true
                notices.append(.channelClosed(sent.name, code: code))
                notices.append(blame(sequence, sent, code, text, now))
            case .closed, .unknown:
                isLost = true
                unknown += 1
                lost.insert(sequence)
                if case .closed = outcome, suspects.closedTogether(sequence) { isolated += 1 }
            }
        }
        if confirmed > 0 { notices.append(.confirmed(confirmed)) }
        if unknown > 0 { notices.append(.unknown(unknown)) }
        if isolated > 0 { notices.append(.isolated(isolated)) }
        if isLost {
            if phase == .relaying { phase = .lost }
        } else if !outcomes.isEmpty {
            lossesInARow = 0
        }
        return notices.map { .tell($0) }
    }

    /// The broker closed the channel over the row alone.
    private mutating func blame(
        _ sequence: Int64, _ sent: Sent, _ code: Int, _ text: String, _ now: Date
    ) -> RelayNotice {
        let verdict = suspects.closedAlone(sequence, name: sent.name, id: sent.id, code: code, text: text)
        guard case .deferred(let closings) = verdict else {
            settled(sequence, sent, .parked(reason: text), now)
            return .parked(sent.name, sent.id, reason: text)
        }
        triesOthers = true
        // While nothing passes, the pause before the next connection is what spares the broker.
        let delay = configuration.backoff.delay(afterFailures: min(closings, 5), sequence: sequence)
        if let subject = sent.subject { holds.hold(subject, behind: sequence) }
        note(sequence, .retry(at: now.addingTimeInterval(delay / .seconds(1)), reason: text), now)
        let signal = SuspectSignal(name: sent.name, id: sent.id, closings: closings, reason: text)
        return .suspected(signal, code: code, delay: delay)
    }

    private mutating func note(_ outcome: PublishOutcome, of sequence: Int64) {
        switch outcome {
        case .confirmed, .returned, .nacked: suspects.answered(sequence)
        case .refused: suspects.forget(sequence)
        case .unknown, .closed: break
        }
    }

    /// Whether rows are sent one at a time: each is published when nothing is in flight.
    var isIsolating: Bool { keepsAlone || suspectIsDue || cursor < suspects.isolatedUpTo }

    /// The row will not be sent again.
    private mutating func settled(
        _ sequence: Int64, _ sent: Sent, _ result: OutboxSettlement.Result, _ now: Date
    ) {
        if let subject = sent.subject { holds.release(subject, from: sequence) }
        note(sequence, result, now)
    }

    private mutating func note(_ sequence: Int64, _ result: OutboxSettlement.Result, _ now: Date) {
        settling.add(OutboxSettlement(sequence: sequence, result: result, at: now))
    }

    /// Whether the row waits for nothing but its place: it is neither under way nor answered already.
    func isOpen(_ sequence: Int64) -> Bool { inFlight[sequence] == nil && !settling.knows(sequence) }

    /// How many rows are in flight or not yet settled.
    var busy: Int { inFlight.count + settling.count }

    /// Whether so much is not yet settled that no more should be published.
    var isBehind: Bool { settling.count >= 20 * configuration.settleLimit }
}
