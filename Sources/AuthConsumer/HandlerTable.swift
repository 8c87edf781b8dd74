// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging
import Metrics
import Synchronization

/// The handlers with their metrics, with a cache by signal name.
final class HandlerTable: Sendable {
    /// A handler and what belongs to it. A class, since each message copies it several times.
    final class Entry: Sendable {
        let handler: SignalHandler
        let metrics: DispatchMetrics.PerHandler
        let policy: HandlerPolicy

        init(handler: SignalHandler, metrics: DispatchMetrics.PerHandler, policy: HandlerPolicy) {
            self.handler = handler
            self.metrics = metrics
            self.policy = policy
        }
    }

    /// Signal names come from the wire: the cache is limited to more names than a catalogue has.
    private static let mostNames = 256

    /// How many runs of each handler with a limit may overlap; ``HandlerPolicy/permits`` is an index of it.
    let limits: [Int]
    /// The handlers of batches; ``HandlerPolicy/batch`` has an index of it.
    let batches: [HandlerBatch]
    let hasBatches: Bool
    /// The shortest time limit of a handler.
    let shortestTimeout: Duration

    private let handlers: SignalHandlers
    private let entries: [String: Entry]
    private let known = Mutex<[SignalName: [Entry]]>([:])

    init(
        _ handlers: SignalHandlers, _ settings: DispatcherSettings, clock: any WallClock, logger: Logger,
        metrics factory: any MetricsFactory
    ) {
        self.handlers = handlers
        var (limits, batches): ([Int], [HandlerBatch]) = ([], [])
        var entries: [String: Entry] = [:]
        for handler in handlers.all + [handlers.unhandled].compactMap({ $0 }) {
            var policy = HandlerPolicy(handler.options, settings)
            if let limit = handler.options.concurrency, limit < settings.concurrency {
                policy.permits = limits.count
                limits.append(limit)
            }
            if let batch = handler.batch {
                policy.batch = batches.count
                batches.append(batch)
            }
            if let breaker = settings.circuitBreaker, breaker.failures > 0 {
                policy.circuit = HandlerCircuit(
                    of: handler.name, breaker, clock: clock, logger: logger, metrics: factory)
            }
            entries[handler.name] = Entry(
                handler: handler, metrics: DispatchMetrics.PerHandler(handler.name, factory),
                policy: policy)
        }
        self.entries = entries
        self.limits = limits
        self.batches = batches
        hasBatches = !batches.isEmpty
        shortestTimeout = entries.values.map(\.policy.timeout).min() ?? settings.handlerTimeout
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

    var areAllCircuitsOpen: Bool {
        entries.values.allSatisfy { entry in entry.policy.circuit.map { $0.state != .closed } ?? false }
    }

    /// The states of the handlers' circuits.
    var circuits: [String: CircuitState] { entries.compactMapValues { $0.policy.circuit?.state } }
}

/// How a handler's messages are handled.
struct HandlerPolicy: Sendable {
    let retries: RetrySchedule
    /// How long a run may take.
    let timeout: Duration
    /// nil if the handler has no circuit breaker.
    var circuit: HandlerCircuit?
    /// The index of the handler's limit of overlapping runs, if it has one.
    var permits: Int?
    /// The index of the handler's batch, if it has one.
    var batch: Int?
    /// Whether the handler does not receive all messages of its interest.
    let hasFilter: Bool

    init(_ options: HandlerOptions, _ settings: DispatcherSettings) {
        retries = RetrySchedule(options.retry, default: settings.retries)
        timeout = max(options.timeout ?? settings.handlerTimeout, .milliseconds(1))
        hasFilter = options.accepts != nil
    }

    /// Whether the handler has no filter, no limit and no batch, so that it is simply called.
    var isPlain: Bool { !hasFilter && permits == nil && batch == nil }
}
