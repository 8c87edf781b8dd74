// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Checks the evidence of a trial against the contract's guarantees: every committed signal reaches every bound queue
/// at least once, effects happen once, and the guaranteed order is kept.
struct Verdict: Sendable {
    /// A violation of a guarantee.
    struct Breach: Hashable, Sendable, CustomStringConvertible {
        enum Kind: String, Hashable, Sendable { case lost, ghost, duplicateEffect, order }
        var kind: Kind
        var id: UUID
        var words: String
        var description: String { "\(kind): \(id) \(words)" }
    }

    private(set) var breaches: [Breach] = []
    let committed: Int
    let confirmed: Int
    let unrouted: Int
    let parked: Int
    let rolledBack: Int
    /// The number of messages with an effect.
    let handled: Int
    let dead: Int
    /// The number of repeated handler runs and of duplicates in a queue, which the inbox must drop.
    let seenAgain: Int

    private let rows: [UUID: Evidence.Commit]

    init(_ evidence: Evidence) {
        rows = Dictionary(evidence.commits.map { ($0.id, $0) }) { first, _ in first }
        committed = evidence.commits.count
        confirmed = evidence.commits.count { $0.state == .confirmed }
        unrouted = evidence.commits.count { $0.state == .unrouted }
        parked = evidence.commits.count { $0.state == .parked }
        rolledBack = evidence.rolledBack.count
        handled = Set(evidence.effects).count
        dead = evidence.dead.count
        seenAgain =
            evidence.runs.reduce(-Set(evidence.runs.joined().map(\.id)).count) { $0 + $1.count }
            + evidence.arrivals.reduce(0) { $0 + $1.count - Set($1).count }
        findLost(evidence)
        findGhosts(evidence)
        findDuplicates(evidence)
        for queue in evidence.arrivals { checkOrder(of: queue, evidence) }
        for worker in evidence.runs { checkOrder(ofRuns: worker, evidence) }
        if evidence.isStrict { checkStrictOrder(evidence) }
    }

    func count(_ kind: Breach.Kind) -> Int { breaches.count { $0.kind == kind } }

    private mutating func breach(_ kind: Breach.Kind, _ id: UUID, _ words: String) {
        breaches.append(Breach(kind: kind, id: id, words: words))
    }

    // MARK: Lost

    private mutating func findLost(_ evidence: Evidence) {
        for id in evidence.promised.sorted(by: uuidOrder) where rows[id] == nil {
            breach(.lost, id, "was reported as committed and is not in the store")
        }
        let effects = Set(evidence.effects)
        let queues = evidence.arrivals.map(Set.init)
        for commit in evidence.commits {
            switch commit.state {
            case .pending: breach(.lost, commit.id, "was never published")
            case .unrouted, .parked: break  // reported and kept: not lost
            case .confirmed:
                if queues.contains(where: { !$0.contains(commit.id) }) {
                    breach(.lost, commit.id, "was confirmed and is missing in a bound queue")
                }
                if !effects.contains(commit.id), !evidence.dead.contains(commit.id) {
                    breach(.lost, commit.id, "was confirmed and never handled")
                }
            }
        }
    }

    // MARK: Ghosts

    private mutating func findGhosts(_ evidence: Evidence) {
        for id in evidence.rolledBack.sorted(by: uuidOrder) where rows[id] != nil {
            breach(.ghost, id, "was rolled back and is in the store")
        }
        let seen = Set(evidence.arrivals.joined()).union(evidence.effects).union(evidence.dead)
            .union(evidence.runs.joined().map(\.id))
        for id in seen.sorted(by: uuidOrder) where rows[id] == nil {
            breach(.ghost, id, "was delivered and never committed")
        }
    }

    // MARK: Effects

    private mutating func findDuplicates(_ evidence: Evidence) {
        var times: [UUID: Int] = [:]
        for id in evidence.effects { times[id, default: 0] += 1 }
        for (id, count) in times.sorted(by: { uuidOrder($0.key, $1.key) }) where count > 1 {
            breach(.duplicateEffect, id, "had its effect \(count) times")
        }
    }

    // MARK: Order

    /// Checks that first occurrences are in commit order, except for rows that were nacked or republished by an
    /// operator. Rows republished because of an unknown outcome are not excepted: the relay then continues from the
    /// first such row, which keeps the order. Later rows of a nacked row's subject wait behind it while others do
    /// not: they arrive late, too, but in the order of their subject.
    private mutating func checkOrder(of queue: [UUID], _ evidence: Evidence) {
        var firstNack: [String: Int64] = [:]
        for row in evidence.commits where row.wasNacked {
            guard let subject = row.subject else { continue }
            firstNack[subject] = min(firstNack[subject] ?? .max, row.sequence)
        }
        var seen: Set<UUID> = []
        var last: Int64 = 0
        var lastOfSubject: [String: Int64] = [:]
        for id in queue where seen.insert(id).inserted {
            guard let row = rows[id], !isExcused(row, evidence) else { continue }
            let mayBeLate = row.subject.flatMap { firstNack[$0] }.map { $0 < row.sequence } ?? false
            let before = mayBeLate ? row.subject.flatMap { lastOfSubject[$0] } ?? 0 : last
            if before > row.sequence {
                breach(.order, id, "(\(row.sequence)) is in a queue after \(before)")
            }
            if !mayBeLate { last = max(last, row.sequence) }
            if let subject = row.subject {
                lastOfSubject[subject] = max(lastOfSubject[subject] ?? 0, row.sequence)
            }
        }
    }

    /// Checks that a worker handles one subject's signals in sequence, and that the first runs of signals without
    /// retries are in commit order, as long as nothing was redelivered.
    private mutating func checkOrder(ofRuns runs: [Evidence.Run], _ evidence: Evidence) {
        var open: [String: Evidence.Run] = [:]
        var last: [String: Int64] = [:]
        let again = Set(Dictionary(grouping: evidence.runs.joined(), by: \.id).filter { $1.count > 1 }.keys)
        for run in runs.sorted(by: { $0.begin < $1.begin }) {
            guard let row = rows[run.id], let subject = row.subject else { continue }
            if let before = open[subject], before.end.map({ $0 > run.begin }) ?? true {
                breach(.order, run.id, "was handled concurrently with \(before.id) of its subject")
            }
            open[subject] = run
            if evidence.wasRedelivered || isExcused(row, evidence) || run.attempt > 1
                || again.contains(run.id)
            {
                continue
            }
            if let last = last[subject], last > row.sequence {
                breach(.order, run.id, "(\(row.sequence)) was handled after \(last) of its subject")
            }
            last[subject] = max(last[subject] ?? 0, row.sequence)
        }
    }

    /// Checks that with a single active worker the first effects of a subject are in commit order, over all workers.
    private mutating func checkStrictOrder(_ evidence: Evidence) {
        var seen: Set<UUID> = []
        var last: [String: Int64] = [:]
        for id in evidence.effects where seen.insert(id).inserted {
            guard let row = rows[id], let subject = row.subject, !isExcused(row, evidence) else { continue }
            if let last = last[subject], last > row.sequence {
                breach(.order, id, "(\(row.sequence)) had its effect after \(last) of its subject")
            }
            last[subject] = max(last[subject] ?? 0, row.sequence)
        }
    }

    private func isExcused(_ row: Evidence.Commit, _ evidence: Evidence) -> Bool {
        row.wasNacked || evidence.resent.contains(row.id)
    }
}

private func uuidOrder(_ left: UUID, _ right: UUID) -> Bool { left.uuidString < right.uuidString }
