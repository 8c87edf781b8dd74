// SPDX-License-Identifier: Apache-2.0
import Metrics
import Synchronization

/// The metrics of a connection.
final class ConnectionMetrics: Sendable {
    private let reconnects: Counter
    private let blocked: Gauge
    private let blockedSeconds: FloatingPointCounter
    private let state = Mutex(State())

    private struct State {
        var hasConnected = false
        /// The end of the blocked time that was already added; nil while the connection is not blocked.
        var countedUntil: ContinuousClock.Instant?
    }

    /// - Parameter name: The connection's name, as RabbitMQ's management UI shows it.
    init(_ name: String, factory: any MetricsFactory = MetricsSystem.factory) {
        let dimensions = [("connection", name)]
        reconnects = Counter(
            label: "auth_signals_broker_reconnects", dimensions: dimensions, factory: factory)
        blocked = Gauge(label: "auth_signals_broker_blocked", dimensions: dimensions, factory: factory)
        blockedSeconds = FloatingPointCounter(
            label: "auth_signals_broker_blocked_seconds", dimensions: dimensions, factory: factory)
        // Exported as 0 from the start, so that an alert on an increase has a baseline.
        reconnects.increment(by: 0)
        blocked.record(0)
        blockedSeconds.increment(by: 0)
    }

    func connected() {
        let isAgain = state.withLock { state in
            defer { state.hasConnected = true }
            return state.hasConnected
        }
        if isAgain { reconnects.increment() }
    }

    /// - Parameter isBlocked: Whether the broker accepts no messages; false also when the connection ends.
    func set(isBlocked: Bool, at now: ContinuousClock.Instant = .now) {
        show(at: now, isBlocked: isBlocked)
        blocked.record(isBlocked ? 1 : 0)
    }

    /// Adds the blocked time since the last call; called often.
    func tick(at now: ContinuousClock.Instant = .now) { show(at: now, isBlocked: nil) }

    /// - Parameter isBlocked: nil: unchanged.
    private func show(at now: ContinuousClock.Instant, isBlocked: Bool?) {
        let more = state.withLock { state -> Duration? in
            let more = state.countedUntil.map { now - $0 }
            if isBlocked ?? (more != nil) { state.countedUntil = now } else { state.countedUntil = nil }
            return more
        }
        if let more { blockedSeconds.increment(by: more / .seconds(1)) }
    }
}
