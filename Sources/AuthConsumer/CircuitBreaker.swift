// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics
import Synchronization

/// When the circuit breakers of a worker's handlers open, and how they recover.
///
/// A handler that fails for every message usually needs a service that is away. When ``failures`` different messages
/// have failed since its last success, its circuit opens: its messages are deferred, which means that they wait on a
/// rung of the retry ladder without an attempt being counted, so that an outage of hours dead-letters nothing. One
/// message at a time is let through as a probe, which does not count as an attempt either; the first probe that
/// succeeds closes the circuit.
/// The other handlers of the same messages run as usual.
///
/// In a strictly ordered queue messages are not deferred but held, so that none overtakes another.
///
/// `SignalVerdict.reject(_:)` and messages that cannot be decoded are not failures of the handler.
public struct CircuitBreakerSettings: Hashable, Sendable {
    /// The number of messages that have failed since the last success when a circuit opens; 0 or less: no circuit
    /// breaker. One message that fails again and again opens none, and becomes a dead letter. Failures before that
    /// count as attempts: a handler with few attempts needs a small number here.
    public var failures = 20
    /// The time from the opening to the first probe; it doubles with each probe that fails. More than 0.
    public var probeInterval: Duration = .seconds(10)
    /// The longest time between two probes.
    public var longestProbeInterval: Duration = .seconds(60)
    /// While the circuits of all handlers of the worker are open, each message waits that long before it is deferred,
    /// so that a backlog stays in the queue instead of moving through the retry ladder.
    public var pace: Duration = .seconds(1)

    public init() {}
}

/// The state of a handler's circuit.
public enum CircuitState: String, Hashable, Sendable, CaseIterable {
    /// Messages are handled.
    case closed
    /// Messages are deferred or held.
    case open
    /// As `open`, while one message is handled as a probe.
    case halfOpen = "half_open"
}

/// A circuit as a pure state machine.
struct CircuitBreaker: Sendable {
    /// What happens to a message.
    enum Admission: Hashable, Sendable {
        case run
        /// It is handled, and its outcome closes the circuit or keeps it open.
        case probe
        /// It is not handled now.
        case wait
    }

    /// The outcome of a handler that ran.
    enum Outcome: Hashable, Sendable {
        case success
        case failure
        /// It says nothing about the handler: a duplicate, or a message that was rejected.
        case neutral
    }

    /// What an outcome has changed.
    enum Change: Hashable, Sendable { case opened, closed }

    private let settings: CircuitBreakerSettings
    private(set) var state = CircuitState.closed
    /// The messages that have failed since the last success.
    private var failed: Set<UUID> = []
    /// The number of those messages.
    var failures: Int { failed.count }
    /// The time from the last failed probe, or the opening, to the next probe.
    private(set) var interval: Duration
    private(set) var openedAt: Date?
    /// When ``interval`` began.
    private var since = Date.distantPast

    init(_ settings: CircuitBreakerSettings) {
        self.settings = settings
        interval = settings.probeInterval
    }

    mutating func admit(at now: Date) -> Admission {
        switch state {
        case .closed: return .run
        case .halfOpen: return .wait
        case .open:
            // A clock that was set back must not postpone the probe.
            guard now >= since.addingTimeInterval(interval / .seconds(1)) || now < since else { return .wait }
            state = .halfOpen
            return .probe
        }
    }

    /// A message that was admitted has been handled.
    ///
    /// - Returns: What has changed, and whether a failure counts as an attempt at the message.
    mutating func ended(
        _ outcome: Outcome, of message: UUID = UUID(), asProbe isProbe: Bool, at now: Date
    ) -> (change: Change?, isAttempt: Bool) {
        switch (state, outcome) {
        case (.closed, .success):
            failed = []
        case (.closed, .failure):
            failed.insert(message)
            guard failures >= settings.failures else { break }
            (state, openedAt, since, interval) = (.open, now, now, settings.probeInterval)
            return (.opened, true)
        case (.halfOpen, .success) where isProbe:
            (state, failed) = (.closed, [])
            return (.closed, true)
        case (.halfOpen, .failure) where isProbe:
            (state, since) = (.open, now)
            interval = max(settings.probeInterval, min(interval * 2, settings.longestProbeInterval))
            return (nil, false)
        case (.halfOpen, .neutral) where isProbe:
            // The next message is the probe, at once.
            (state, since) = (.open, .distantFuture)
        case (.open, .failure), (.halfOpen, .failure):
            // It began before the circuit opened.
            return (nil, false)
        case (.closed, .neutral), (.open, _), (.halfOpen, _): break
        }
        return (nil, true)
    }

    /// The rung on which a message waits: the longest one that is not longer than the time between two probes, so that
    /// messages are back when a probe is due.
    var rung: RetryRung { RetryRung.allCases.last { $0.delay <= interval } ?? .oneSecond }
}

/// The circuit of one handler, for all workers of a process.
final class HandlerCircuit: Sendable {
    private let handler: String
    private let breaker: Mutex<CircuitBreaker>
    /// Whether the circuit is closed and its last outcome was a success: then neither admitting a message nor its
    /// success changes anything, and no lock is needed.
    private let quiet = Atomic(true)
    private let clock: any WallClock
    private let logger: Logger
    private let isOpen: Gauge
    private let opened: Counter

    init(
        of handler: String, _ settings: CircuitBreakerSettings, clock: any WallClock, logger: Logger,
        metrics: any MetricsFactory
    ) {
        self.handler = handler
        self.clock = clock
        self.logger = logger
        breaker = Mutex(CircuitBreaker(settings))
        let dimensions = [("handler", handler)]
        isOpen = Gauge(label: "auth_signals_circuit_open", dimensions: dimensions, factory: metrics)
        opened = Counter(label: "auth_signals_circuit_opened", dimensions: dimensions, factory: metrics)
        isOpen.record(0)
    }

    var state: CircuitState { isQuiet ? .closed : breaker.withLock { $0.state } }

    var isQuiet: Bool { quiet.load(ordering: .acquiring) }

    /// The rung on which a message waits while the circuit is open.
    var rung: RetryRung { breaker.withLock { $0.rung } }

    func admit() -> CircuitBreaker.Admission {
        if isQuiet { return .run }
        return breaker.withLock { $0.admit(at: clock.now()) }
    }

    /// A message that was admitted has been handled.
    ///
    /// - Returns: Whether a failure counts as an attempt at the message.
    func ended(_ outcome: CircuitBreaker.Outcome, of message: UUID, asProbe isProbe: Bool) -> Bool {
        if outcome != .failure, isQuiet { return true }
        let now = clock.now()
        // Logged and recorded under the lock, so that the last line and the gauge show the last state.
        return breaker.withLock { breaker in
            let openedAt = breaker.openedAt
            let (change, isAttempt) = breaker.ended(outcome, of: message, asProbe: isProbe, at: now)
            quiet.store(breaker.state == .closed && breaker.failures == 0, ordering: .releasing)
            switch change {
            case .opened:
                opened.increment()
                isOpen.record(1)
                logger.error(
                    "circuit opened; messages wait",
                    metadata: [
                        "handler": "\(handler)", "failures": "\(breaker.failures)",
                        "probe": "\(breaker.interval)",
                    ])
            case .closed:
                isOpen.record(0)
                let seconds = Int(saturating: now.timeIntervalSince(openedAt ?? now))
                logger.notice(
                    "circuit closed", metadata: ["handler": "\(handler)", "after": "\(seconds) s"])
            case nil: break
            }
            return isAttempt
        }
    }
}
