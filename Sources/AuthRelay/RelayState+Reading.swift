// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension RelayState {
    /// The maximum number of deferred rows that are read when the relay starts.
    static let setBackLimit = 10_000

    /// The next read, if any.
    mutating func nextRead() -> RelayRead? {
        let size = isIsolating ? 1 : settings.batchSize
        let room = isIsolating ? 0 : settings.batchSize * (settings.batchesInFlight - 1)
        guard !isPaused, !isReading, !isBehind, inFlight.count <= room else { return nil }
        if !knowsSetBack { return .deferred(limit: Self.setBackLimit) }
        let hasOthers = mayHaveNew || blocked.nextReleased != nil
        if mayHaveDue, !(triesOthers && hasOthers) {
            mayHaveDue = false
            // The result may contain this many rows that are in flight or held behind another one.
            return .due(upTo: cursor, limit: settings.batchSize + busy + blocked.count)
        }
        if let (subject, after) = blocked.nextReleased {
            return .held(subject: subject, after: after, limit: size)
        }
        if mayHaveNew {
            mayHaveNew = false
            return .new(after: cursor, limit: size)
        }
        return nil
    }

    /// Selects the rows of a read that are to be published.
    mutating func take(_ read: RelayRead, _ rows: [OutboxRow], _ found: Int64) -> [OutboxRow] {
        switch read {
        case .deferred(let limit):
            knowsSetBack = true
            for row in rows where isOpen(row.sequence) {
                if let subject = row.draft.subject { blocked.hold(subject, behind: row.sequence) }
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
            if found > after { mayHaveNew = true }
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
        case .held(let subject, _, let limit):
            // Another row of the subject may have been nacked meanwhile: then the subject is held again.
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
}
