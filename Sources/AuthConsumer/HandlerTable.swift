// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Metrics
import Synchronization

/// The handlers with their metrics, with a cache by signal name.
final class HandlerTable: Sendable {
    struct Entry: Sendable {
        let handler: SignalHandler
        let metrics: DispatchMetrics.PerHandler
    }

    /// Signal names come from the wire: the cache is limited to more names than a catalogue has.
    private static let mostNames = 256

    private let handlers: SignalHandlers
    private let entries: [String: Entry]
    private let known = Mutex<[SignalName: [Entry]]>([:])

    init(_ handlers: SignalHandlers, metrics factory: any MetricsFactory) {
        self.handlers = handlers
        let all = handlers.all + [handlers.unhandled].compactMap { $0 }
        entries = Dictionary(
            uniqueKeysWithValues: all.map {
                ($0.name, Entry(handler: $0, metrics: DispatchMetrics.PerHandler($0.name, factory)))
            })
    }

    /// The handlers of a signal, in order.
    func entries(for name: SignalName) -> [Entry] {
        known.withLock { known in
            if let entries = known[name] { return entries }
            let found = handlers.handlers(for: name).compactMap { entries[$0.name] }
            if known.count < Self.mostNames { known[name] = found }
            return found
        }
    }

    /// The handler with that name.
    func entry(named name: String) -> Entry? { entries[name] }
}
