// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import Foundation
import Synchronization

/// The oldest of the letters of a pass, as they are shown.
///
/// The queue's own order does not do: RabbitMQ puts what is given back behind what was given back before, so that a
/// look that was cut off leaves the letters it had seen behind the others.
final class OldestLetters: Sendable {
    /// What letters are sorted by.
    private struct Key: Comparable {
        /// When the letter was dead-lettered, as far as it says so; a letter without a time comes first.
        var age: Date
        /// Of two letters of one moment the one that was looked at more often was before the other in the queue.
        var looks: Int
        /// Where it lies in the queue.
        var place: Int

        static func < (left: Key, right: Key) -> Bool {
            if left.age != right.age { return left.age < right.age }
            if left.looks != right.looks { return left.looks > right.looks }
            return left.place < right.place
        }
    }

    private struct State {
        var kept: [(key: Key, text: String)] = []
        var offered = 0
        /// What is younger is not among the oldest.
        var youngest: Key?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many are kept at most; 0: all.
    init(limit: Int) { self.limit = limit }

    /// Offers the next letter of the queue.
    ///
    /// - Parameter text: how it is shown; made only if the letter is among the oldest so far.
    func offer(_ letter: DeadLetter, _ text: (DeadLetter) -> String) {
        state.withLock { state in
            let key = Key(age: letter.age ?? .distantPast, looks: letter.looks, place: state.offered)
            state.offered += 1
            if let youngest = state.youngest, key > youngest { return }
            state.kept.append((key, text(letter)))
            // Cut now and then: sorting each time would be slow.
            if limit > 0, state.kept.count >= limit * 2 {
                Self.sort(&state.kept, limit)
                state.youngest = state.kept.last?.key
            }
        }
    }

    /// What is kept, oldest first.
    var texts: [String] {
        state.withLock { state in
            Self.sort(&state.kept, limit)
            return state.kept.map(\.text)
        }
    }

    private static func sort(_ kept: inout [(key: Key, text: String)], _ limit: Int) {
        kept.sort { $0.key < $1.key }
        if limit > 0, kept.count > limit { kept.removeLast(kept.count - limit) }
    }
}
