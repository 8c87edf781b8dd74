// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is known after a trial: message ids as the store, the broker's queues, the workers and their database have
/// them. It is data; what it means is for the ``Verdict`` to say.
struct Evidence: Sendable {
    /// A row of the store, wherever it has got to.
    struct Commit: Hashable, Sendable {
        enum State: Hashable, Sendable { case pending, confirmed, unrouted, parked }
        var id: UUID
        /// Its place in the order of commits.
        var sequence: Int64
        var subject: String?
        var state = State.confirmed
        /// Whether the broker has refused it once: then it may come after later ones.
        var wasNacked = false
    }

    /// One run of a handler, in the order in which its worker wrote its diary.
    struct Run: Hashable, Sendable {
        var id: UUID
        /// The line at which it began, and at which it ended; nil where its worker died first.
        var begin: Int
        var end: Int?
        /// 1 for the first.
        var attempt = 1
    }

    /// The rows of the store.
    var commits: [Commit] = []
    /// What writers were told is committed.
    var promised: Set<UUID> = []
    /// What writers were told is not.
    var rolledBack: Set<UUID> = []
    /// What lay in a queue that nobody else reads, in its order; one list a queue.
    var arrivals: [[UUID]] = []
    /// The runs of each worker.
    var runs: [[Run]] = []
    /// What handlers have written in the inbox's transaction, in the order of commits.
    var effects: [UUID] = []
    /// The ids of the worker's dead letters.
    var dead: Set<UUID> = []
    /// What an operator has sent again.
    var resent: Set<UUID> = []
    /// Whether a worker or its connection was lost: what it had in hand was delivered again, and comes late.
    var wasRedelivered = false
    /// Whether a single worker at a time was served, so that effects come in strict order.
    var isStrict = false
}

extension Evidence {
    /// The runs that a diary tells of.
    static func runs(_ entries: [(isBegin: Bool, id: UUID, attempt: Int)]) -> [Run] {
        var runs: [Run] = []
        for (line, entry) in entries.enumerated() {
            if entry.isBegin {
                runs.append(Run(id: entry.id, begin: line, attempt: entry.attempt))
            } else if let open = runs.lastIndex(where: { $0.id == entry.id && $0.end == nil }) {
                runs[open].end = line
            }
        }
        return runs
    }
}
