// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The signals that the workers of an inbox have to handle, and since when.
///
/// A worker registers its queue's patterns and its handlers when it consumes
/// (``OperatedInbox/register(_:boundTo:on:at:)``). So a signal without a handler, or one that was emitted before the
/// queue existed, can be distinguished from a missing one.
public struct InboxWork: Hashable, Sendable {
    /// A binding or a handler of a queue.
    public struct Key: Hashable, Sendable {
        public enum Kind: String, Sendable {
            /// The queue is bound with the pattern.
            case binding
            /// The handler handles the signals that match the pattern.
            case handler
            /// As `handler`, but only those that its condition accepts: which ones is not known here.
            case filtered
            /// The handler handles the signals that no other handler does.
            case rest
        }

        public var kind: Kind
        /// The name of the handler; empty for a binding.
        public var name: String
        public var pattern: String

        public init(kind: Kind, name: String, pattern: String) {
            self.kind = kind
            self.name = name
            self.pattern = pattern
        }

        /// A stored key; nil if its kind is unknown, because a later version has written it.
        package init?(kind: String, name: String, pattern: String) {
            guard let kind = Kind(rawValue: kind) else { return nil }
            self.init(kind: kind, name: name, pattern: pattern)
        }
    }

    /// A binding or a handler of a queue, with the period in which it was active.
    public struct Entry: Hashable, Sendable {
        public var queue: String
        public var key: Key
        public var since: Date
        /// Nil if it is still active.
        public var until: Date?

        public init(queue: String, key: Key, since: Date, until: Date?) {
            self.queue = queue
            self.key = key
            self.since = since
            self.until = until
        }

        /// Whether the entry was active for a signal that was emitted and settled at those times. In doubt it was not:
        /// signals that were published while a worker started or ended are not reported as missing.
        func covers(_ emitted: Date, _ settled: Date) -> Bool {
            emitted >= since && (until.map { settled < $0 } ?? true)
        }

        func matches(_ name: SignalName) -> Bool {
            (try? SignalPattern(validating: key.pattern))?.matches(name) == true
        }
    }

    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// Whether no worker has registered.
    public var isEmpty: Bool { entries.isEmpty }

    /// The names of all handlers, sorted.
    public var handlers: [String] {
        Set(entries.filter { $0.key.kind != .binding }.map(\.key.name)).sorted()
    }

    /// The handlers that have to handle a signal, sorted.
    ///
    /// - Parameters:
    ///   - name: The name of the signal.
    ///   - emitted: When the signal was emitted.
    ///   - settled: When its outbox row was settled.
    public func handlers(for name: SignalName, emitted: Date, settled: Date) -> [String] {
        let covering = entries.filter { $0.covers(emitted, settled) && $0.matches(name) }
        var handlers: Set<String> = []
        for (_, entries) in Dictionary(grouping: covering, by: \.queue)
        where entries.contains(where: { $0.key.kind == .binding }) {
            let own = entries.filter { $0.key.kind == .handler || $0.key.kind == .filtered }
            let expected =
                own.isEmpty ? entries.filter { $0.key.kind == .rest } : own.filter { $0.key.kind == .handler }
            handlers.formUnion(expected.map(\.key.name))
        }
        return handlers.sorted()
    }

    /// What a worker with these handlers registers.
    package static func keys(of handlers: SignalHandlers, boundTo patterns: [SignalPattern]) -> [Key] {
        var keys = patterns.map { Key(kind: .binding, name: "", pattern: $0.rawValue) }
        for handler in handlers.all {
            let pattern =
                switch handler.interest {
                case .name(let name): name.rawValue
                case .pattern(let pattern): pattern.rawValue
                }
            keys.append(
                Key(kind: handler.isConditional ? .filtered : .handler, name: handler.name, pattern: pattern))
        }
        if let rest = handlers.unhandled { keys.append(Key(kind: .rest, name: rest.name, pattern: "#")) }
        return keys
    }
}
