// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// What the workers that share an inbox were to handle, and since when.
///
/// A worker registers its queue's patterns and its handlers when it consumes
/// (``SQLiteInbox/register(_:boundTo:on:at:)``). So a signal that no handler takes, or that was emitted before the queue
/// existed, can be told from one that is missing.
public struct InboxWork: Hashable, Sendable {
    /// A part of what the worker of a queue does, for as long as it did it.
    struct Entry: Hashable, Sendable {
        enum Kind: String, Sendable {
            /// The queue is bound with the pattern.
            case binding
            /// The handler of that name takes what matches the pattern.
            case handler
            /// The handler of that name takes what no other takes.
            case rest
        }

        var queue: String
        var kind: Kind
        /// The handler's; empty for a binding.
        var name: String
        var pattern: String
        var since: Date
        /// Nil if it still does.
        var until: Date?

        /// Whether it did for a signal that was emitted and settled at those times. In doubt it did not: what was
        /// published while a worker began or ended is not missed.
        func covers(_ emitted: Date, _ settled: Date) -> Bool {
            emitted >= since && (until.map { settled < $0 } ?? true)
        }

        func matches(_ name: SignalName) -> Bool {
            (try? SignalPattern(validating: pattern))?.matches(name) == true
        }
    }

    let entries: [Entry]

    /// Whether no worker has registered: then nothing is known.
    public var isEmpty: Bool { entries.isEmpty }

    /// The names of all handlers, sorted.
    public var handlers: [String] {
        Set(entries.filter { $0.kind != .binding }.map(\.name)).sorted()
    }

    /// The handlers that a signal was to be given to, sorted.
    ///
    /// - Parameters:
    ///   - emitted: When the signal was emitted.
    ///   - settled: When the broker's answer for it was written.
    public func handlers(for name: SignalName, emitted: Date, settled: Date) -> [String] {
        let covering = entries.filter { $0.covers(emitted, settled) && $0.matches(name) }
        var handlers: Set<String> = []
        for (_, entries) in Dictionary(grouping: covering, by: \.queue)
        where entries.contains(where: { $0.kind == .binding }) {
            let own = entries.filter { $0.kind == .handler }
            handlers.formUnion((own.isEmpty ? entries.filter { $0.kind == .rest } : own).map(\.name))
        }
        return handlers.sorted()
    }
}
