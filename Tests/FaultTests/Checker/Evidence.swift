// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The data collected after a trial: message ids in the store, in the broker's queues, in the workers' diaries and in
/// their database. The ``Verdict`` evaluates it.
struct Evidence: Sendable {
    /// An outbox row in the store, in any state.
    struct Commit: Hashable, Sendable {
        enum State: Hashable, Sendable { case pending, confirmed, unrouted, parked }
        var id: UUID
        /// Its position in commit order.
        var sequence: Int64
        var subject: String?
        var state = State.confirmed
        /// Whether the broker has nacked it: then it may arrive after later rows.
        var wasNacked = false
    }

    /// One run of a handler, in the order of its worker's diary.
    struct Run: Hashable, Sendable {
        var id: UUID
        /// The diary lines at which it began and ended; `end` is `nil` if its worker crashed first.
        var begin: Int
        var end: Int?
        /// The number of the attempt, from 1.
        var attempt = 1
    }

    /// The rows of the store.
    var commits: [Commit] = []
    /// The ids whose commit was reported to their writer.
    var promised: Set<UUID> = []
    /// The ids whose rollback was reported to their writer.
    var rolledBack: Set<UUID> = []
    /// The ids in each queue without a consumer, in queue order.
    var arrivals: [[UUID]] = []
    /// The runs of each worker.
    var runs: [[Run]] = []
    /// The ids that handlers wrote in the inbox transaction, in commit order.
    var effects: [UUID] = []
    /// The ids of the worker's dead letters.
    var dead: Set<UUID> = []
    /// The ids that the operator's tool republished or requeued.
    var resent: Set<UUID> = []
    /// Whether a worker or its connection was lost: its deliveries in flight were redelivered and arrive late.
    var wasRedelivered = false
    /// Whether the queue has a single active consumer, so that effects are in strict order.
    var isStrict = false
}

extension Evidence {
    /// The handler runs in a diary.
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
