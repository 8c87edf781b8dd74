// SPDX-License-Identifier: Apache-2.0
import AuthBrokerTools
import Foundation
import Synchronization

/// The oldest of the inspected dead letters, converted for output.
///
/// The queue's order cannot be used: RabbitMQ requeues released messages behind those released earlier, so that an
/// interrupted inspection leaves the inspected dead letters behind the others.
final class OldestDeadLetters<Item: Sendable>: Sendable {
    /// The sort key of a dead letter.
    private struct Key: Comparable {
        /// When the message was dead-lettered; a dead letter without a time comes first.
        var age: Date
        /// Of two dead letters with the same time, the one that was inspected more often was first in the queue.
        var looks: Int
        /// The position in the queue.
        var place: Int

        static func < (left: Key, right: Key) -> Bool {
            if left.age != right.age { return left.age < right.age }
            if left.looks != right.looks { return left.looks > right.looks }
            return left.place < right.place
        }
    }

    private struct State {
        var kept: [(key: Key, item: Item)] = []
        var count = 0
        /// The key of the youngest one that can still be among the oldest.
        var youngest: Key?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: the maximum number to keep; 0 for all.
    init(limit: Int) { self.limit = limit }

    /// Adds the next dead letter of the queue.
    ///
    /// - Parameter item: converts it; called only if it is among the oldest so far.
    func insert(_ letter: DeadLetter, _ item: (DeadLetter) -> Item) {
        state.withLock { state in
            let key = Key(age: letter.age ?? .distantPast, looks: letter.looks, place: state.count)
            state.count += 1
            if let youngest = state.youngest, key > youngest { return }
            state.kept.append((key, item(letter)))
            // Trimmed only occasionally, since sorting for every dead letter would be slow.
            if limit > 0, state.kept.count / 2 >= limit {
                Self.sort(&state.kept, limit)
                state.youngest = state.kept.last?.key
            }
        }
    }

    /// The number of dead letters that were inserted.
    var count: Int { state.withLock { $0.count } }

    /// The converted dead letters, oldest first.
    var items: [Item] {
        state.withLock { state in
            Self.sort(&state.kept, limit)
            return state.kept.map(\.item)
        }
    }

    private static func sort(_ kept: inout [(key: Key, item: Item)], _ limit: Int) {
        kept.sort { $0.key < $1.key }
        if limit > 0, kept.count > limit { kept.removeLast(kept.count - limit) }
    }
}
