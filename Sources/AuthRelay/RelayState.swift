// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The relay's state machine: events in, actions out, without a clock, a store or a broker.
///
/// One read runs at a time. New rows are read by the cursor, deferred rows by their due time, and the blocked rows of a
/// subject by the subject. If outcomes are unknown, nothing more is published until all batches have an outcome; then
/// the cursor goes back to the lowest unknown row. ``RelaySuspects`` finds the row for which the broker closes the
/// channel.
struct RelayState: Sendable {
    /// A row in flight.
    struct Sent: Sendable {
        var name: SignalName
        var id: UUID
        var subject: String?
        var attempts: Int
    }

    enum Phase: Sendable { case awaitingReady, relaying, lost, stopping, finished }

    /// From the second loss in a row on. The reconnect of the publisher has its own jitter.
    private static let lossBackoff = Backoff(first: .milliseconds(100), limit: .seconds(30), jitter: 0)
    /// The maximum number of deferred rows that are read when the relay starts.
    private static let deferredLimit = 10_000

    let settings: RelaySettings
    private(set) var phase = Phase.awaitingReady
    /// Whether reading is paused.
    private(set) var isPaused = false

    // Reading.
    private var cursor: Int64 = 0
    private var isReading = false
    /// Whether the running read began before the cursor went back.
    private var readIsStale = false
    private var mayHaveNew = true
    private var mayHaveDue = false
    private var dueWasFull = false
    private var knowsDeferred = false
    private var sweeps = 0
    private(set) var blocked = BlockedSubjects()
    private(set) var suspects = RelaySuspects()
    /// Whether a suspect is due: it is published as soon as nothing is in flight.
    private var suspectIsDue = false
    /// Whether the channel was closed for the last published row: other rows than suspects are then published first.
    private var triesOthers = false

    // Publishing.
    private(set) var inFlight: [Int64: Sent] = [:]
    private(set) var batches: [Int: [Int64]] = [:]
    private var lastBatch = 0
    /// The batch of one row that was published while nothing was in flight; nil once another batch is.
    private var alone: Int?
    /// Whether nothing else may be published until that batch has an outcome.
    private var keepsAlone = false
    private var lost: Set<Int64> = []
    private var lossesInARow = 0

    private var settling: SettlementBatcher

    init(settings: RelaySettings) {
        var settings = settings
        settings.backoff.limit = min(settings.backoff.limit, .seconds(OutboxSettlement.longestWait))
        self.settings = settings
        settling = SettlementBatcher(limit: settings.settleLimit)
    }

    /// The first actions.
    mutating func start() -> [RelayAction] { [.awaitReady(after: .zero)] }

    /// - Parameter now: The time of the event.
    mutating func handle(_ event: RelayEvent, at now: Date) -> [RelayAction] {
        var actions: [RelayAction] = []
        switch event {
        case .ready: if phase == .awaitingReady { phase = .relaying }
        case .wokenUp: mayHaveNew = true
        case .swept: sweep()
        case .paused(let isPaused):
            if self.isPaused, !isPaused { lookAgain() }
            self.isPaused = isPaused
        case .found(let read, let rows, let found, let hasMore):
            // Rows that were read before a loss may come after rows that must be published again.
            let isOfUse = phase == .relaying && !readIsStale && !isPaused
            if isOfUse { actions += publish(take(read, rows, found, hasMore)) } else { lookAgain() }
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

    // MARK: Next actions

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
        // An operator may have removed a row from the outbox that blocks others.
        if sweeps.isMultiple(of: 60), !blocked.isEmpty || suspects.count > 0 { knowsDeferred = false }
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

    /// All batches have an outcome: starts again at the lowest row whose outcome is unknown.
    private mutating func goBack() -> RelayAction {
        if let lowest = lost.min() { cursor = min(cursor, max(lowest, .min + 1) - 1) }
        blocked.goBack(to: cursor)
        lookAgain()
        readIsStale = isReading
        phase = .awaitingReady
        lossesInARow += 1
        // A message for which the broker closes the connection must not cause a tight loop.
        return .awaitReady(
            after: lossesInARow < 2 ? .zero : Self.lossBackoff.delay(afterFailures: lossesInARow))
    }

    // MARK: Reading

    /// The next read, if any.
    private mutating func nextRead() -> RelayRead? {
        let size = isIsolating ? 1 : settings.batchSize
        let room = isIsolating ? 0 : settings.batchSize * (settings.batchesInFlight - 1)
        guard !isPaused, !isReading, !isBehind, inFlight.count <= room else { return nil }
        if !knowsDeferred { return .deferred(limit: Self.deferredLimit) }
        let hasOthers = mayHaveNew || blocked.nextReleased != nil
        if mayHaveDue, !(triesOthers && hasOthers) {
            mayHaveDue = false
            // The result may contain this many rows that are in flight or blocked by another one.
            return .due(upTo: cursor, limit: settings.batchSize + busy + blocked.count)
        }
        if let (subject, after) = blocked.nextReleased {
            return .blocked(subject: subject, after: after, limit: size)
        }
        if mayHaveNew {
            mayHaveNew = false
            return .new(after: cursor, limit: size)
        }
        return nil
    }

    /// Selects the rows of a read that are to be published.
    private mutating func take(
        _ read: RelayRead, _ rows: [OutboxRow], _ found: Int64, _ hasMore: Bool
    ) -> [OutboxRow] {
        switch read {
        case .deferred(let limit):
            knowsDeferred = true
            for row in rows where isOpen(row.sequence) {
                if let subject = row.draft.subject { blocked.add(subject, behind: row.sequence) }
            }
            if rows.count < limit {
                let deferred = Set(rows.map(\.sequence))
                for (subject, sequence) in blocked.blockers
                where !deferred.contains(sequence) && isOpen(sequence) {
                    blocked.release(subject, from: sequence)
                }
                for sequence in suspects.sequences where !deferred.contains(sequence) && isOpen(sequence) {
                    suspects.forget(sequence)
                }
            }
            return []
        case .new(let after, _):
            cursor = max(cursor, found)
            if hasMore, found > after { mayHaveNew = true }
            let passing = rows.filter(mayPass)
            // Suspects are read again as due rows, and are then published alone.
            let others = passing.filter { !suspects.contains($0.sequence) }
            if others.count < passing.count { (suspectIsDue, mayHaveDue) = (true, true) }
            return others
        case .due(_, let limit):
            let passing = rows.filter(mayPass)
            let suspected = passing.filter { suspects.contains($0.sequence) }
            let others = passing.filter { !suspects.contains($0.sequence) }
            if !suspected.isEmpty { mayHaveDue = true }
            if inFlight.isEmpty, !triesOthers || others.isEmpty, let next = suspects.next(of: suspected) {
                suspectIsDue = false
                return [next]
            }
            suspectIsDue = !suspected.isEmpty
            let size = cursor < suspects.isolatedUpTo ? 1 : settings.batchSize
            dueWasFull = rows.count == limit || others.count > size
            return Array(others.prefix(size))
        case .blocked(let subject, _, let limit):
            // Another row of the subject may have been nacked meanwhile: then the subject is blocked again.
            guard blocked.isReleased(subject) else { return [] }
            let next = blocked.firstBlocker(of: subject) ?? .max
            let behind = rows.prefix { $0.sequence <= cursor && $0.sequence < next }
            if behind.count < rows.count || rows.count < limit {
                if blocked.end(subject) { mayHaveDue = true }
            } else if let last = behind.last {
                blocked.advance(subject, to: last.sequence)
            }
            return behind.filter { isOpen($0.sequence) }
        }
    }

    private func mayPass(_ row: OutboxRow) -> Bool {
        isOpen(row.sequence) && (row.draft.subject.map { blocked.mayPass($0, row.sequence) } ?? true)
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
        return [.publish(batch: lastBatch, rows: rows)] + (again > 0 ? [.report(.republished(again))] : [])
    }

    private mutating func answer(_ batch: Int, _ outcomes: [PublishOutcome], _ now: Date) -> [RelayAction] {
        guard let rows = batches.removeValue(forKey: batch) else { return [] }
        let wasAlone = alone == batch
        if wasAlone { (alone, keepsAlone) = (nil, false) }
        var logEvents: [RelayLogEvent] = []
        var (confirmed, unknown, isolated) = (0, 0, 0)
        var isLost = false
        for (index, sequence) in rows.enumerated() {
            guard let sent = inFlight.removeValue(forKey: sequence) else { continue }
            // A publisher may return fewer outcomes than messages: the others are unknown.
            let outcome = index < outcomes.count ? outcomes[index] : .unknown("no outcome")
            note(outcome, of: sequence)
            switch outcome {
            case .confirmed:
                confirmed += 1
                settled(sequence, sent, .confirmed, now)
            case .returned:
                logEvents.append(.unrouted(sent.name, sent.id))
                settled(sequence, sent, .unrouted, now)
            case .refused(let reason):
                logEvents.append(.parked(sent.name, sent.id, reason: reason))
                settled(sequence, sent, .parked(reason: reason), now)
            case .nacked:
                let delay = settings.backoff.delay(
                    afterFailures: sent.attempts + 1, sequence: sequence)
                logEvents.append(.nacked(sent.name, sent.id, delay: delay))
                if let subject = sent.subject { blocked.add(subject, behind: sequence) }
                note(sequence, .retry(at: now.addingTimeInterval(delay / .seconds(1)), reason: "nacked"), now)
            case .closed(let code, let text) where wasAlone:
                isLost = true
                logEvents.append(.channelClosed(sent.name, code: code))
                logEvents.append(blame(sequence, sent, code, text, now))
            case .closed, .unknown:
                isLost = true
                unknown += 1
                lost.insert(sequence)
                if case .closed = outcome, suspects.closedTogether(sequence) { isolated += 1 }
            }
        }
        if confirmed > 0 { logEvents.append(.confirmed(confirmed)) }
        if unknown > 0 { logEvents.append(.unknown(unknown)) }
        if isolated > 0 { logEvents.append(.isolated(isolated)) }
        if isLost {
            if phase == .relaying { phase = .lost }
        } else if !outcomes.isEmpty {
            lossesInARow = 0
        }
        return logEvents.map { .report($0) }
    }

    /// The broker closed the channel while only this row was in flight.
    private mutating func blame(
        _ sequence: Int64, _ sent: Sent, _ code: Int, _ text: String, _ now: Date
    ) -> RelayLogEvent {
        let verdict = suspects.closedAlone(sequence, name: sent.name, id: sent.id, code: code, text: text)
        guard case .deferred(let closings) = verdict else {
            settled(sequence, sent, .parked(reason: text), now)
            return .parked(sent.name, sent.id, reason: text)
        }
        triesOthers = true
        // The delay is capped: if nothing is confirmed at all, the reconnect backoff limits the load on the broker.
        let delay = settings.backoff.delay(afterFailures: min(closings, 5), sequence: sequence)
        if let subject = sent.subject { blocked.add(subject, behind: sequence) }
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

    /// Whether rows are published one at a time: each only when nothing is in flight.
    private var isIsolating: Bool { keepsAlone || suspectIsDue || cursor < suspects.isolatedUpTo }

    /// The row will not be published again.
    private mutating func settled(
        _ sequence: Int64, _ sent: Sent, _ result: OutboxSettlement.Result, _ now: Date
    ) {
        if let subject = sent.subject { blocked.release(subject, from: sequence) }
        note(sequence, result, now)
    }

    private mutating func note(_ sequence: Int64, _ result: OutboxSettlement.Result, _ now: Date) {
        settling.add(OutboxSettlement(sequence: sequence, result: result, at: now))
    }

    /// Whether the row is neither in flight nor has a known outcome.
    private func isOpen(_ sequence: Int64) -> Bool { inFlight[sequence] == nil && !settling.knows(sequence) }

    /// The number of rows in flight or not yet settled.
    private var busy: Int { inFlight.count + settling.count }

    /// Whether too many rows are unsettled to publish more.
    private var isBehind: Bool { settling.count >= 20 * settings.settleLimit }
}
