// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The signals that the workers of an inbox have to handle, and since when.
///
/// A worker registers its queue's patterns and its handlers when it consumes
/// (``SQLiteInbox/register(_:boundTo:on:at:)``). So a signal without a handler, or one that was emitted before the
/// queue existed, can be distinguished from a missing one.
public struct InboxWork: Hashable, Sendable {
    /// One binding or handler of a queue, with the period in which it was active.
    struct Entry: Hashable, Sendable {
        enum Kind: String, Sendable {
            /// The queue is bound with the pattern.
            case binding
            /// The handler handles the signals that match the pattern.
            case handler
            /// As `handler`, but only those that its condition accepts: which ones is not known here.
            case filtered
            /// The handler handles the signals that no other handler does.
            case rest
        }

        var queue: String
        var kind: Kind
        /// The name of the handler; empty for a binding.
        var name: String
        var pattern: String
        var since: Date
        /// Nil if it is still active.
        var until: Date?

        /// Whether the entry was active for a signal that was emitted and settled at those times. In doubt it was not:
        /// signals that were published while a worker started or ended are not reported as missing.
        func covers(_ emitted: Date, _ settled: Date) -> Bool {
            emitted >= since && (until.map { settled < $0 } ?? true)
        }

        func matches(_ name: SignalName) -> Bool {
            (try? SignalPattern(validating: pattern))?.matches(name) == true
        }
    }

    let entries: [Entry]

    /// Whether no worker has registered.
    public var isEmpty: Bool { entries.isEmpty }

    /// The names of all handlers, sorted.
    public var handlers: [String] {
        Set(entries.filter { $0.kind != .binding }.map(\.name)).sorted()
    }

    /// The handlers that have to handle a signal, sorted.
    ///
    /// - Parameters:
    ///   - emitted: When the signal was emitted.
    ///   - settled: When its outbox row was settled.
    public func handlers(for name: SignalName, emitted: Date, settled: Date) -> [String] {
        let covering = entries.filter { $0.covers(emitted, settled) && $0.matches(name) }
        var handlers: Set<String> = []
        for (_, entries) in Dictionary(grouping: covering, by: \.queue)
        where entries.contains(where: { $0.kind == .binding }) {
            let own = entries.filter { $0.kind == .handler || $0.kind == .filtered }
            let expected =
                own.isEmpty ? entries.filter { $0.kind == .rest } : own.filter { $0.kind == .handler }
            handlers.formUnion(expected.map(\.name))
        }
        return handlers.sorted()
    }
}
