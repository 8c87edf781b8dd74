// SPDX-License-Identifier: Apache-2.0
import Metrics
import Synchronization

/// What is counted of a connection.
final class ConnectionMetrics: Sendable {
    private let reconnects: Counter
    private let blocked: Gauge
    private let blockedSeconds: FloatingPointCounter
    private let state = Mutex(State())

    private struct State {
        var hasConnected = false
        /// Until when a block that is going on was added; nil where there is none.
        var countedUntil: ContinuousClock.Instant?
    }

    /// - Parameter name: the connection's, as the broker's management page shows it.
    init(_ name: String, factory: any MetricsFactory = MetricsSystem.factory) {
        let dimensions = [("connection", name)]
        reconnects = Counter(
            label: "auth_signals_broker_reconnects", dimensions: dimensions, factory: factory)
        blocked = Gauge(label: "auth_signals_broker_blocked", dimensions: dimensions, factory: factory)
        blockedSeconds = FloatingPointCounter(
            label: "auth_signals_broker_blocked_seconds", dimensions: dimensions, factory: factory)
        // Shown from the beginning, so that an alert on their growth has something to compare with.
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

    /// - Parameter isBlocked: whether the broker takes no messages; false also when the connection ends.
    func set(isBlocked: Bool, at now: ContinuousClock.Instant = .now) {
        show(at: now, isBlocked: isBlocked)
        blocked.record(isBlocked ? 1 : 0)
    }

    /// Adds what a block that is going on has lasted since the last time; called often.
    func tick(at now: ContinuousClock.Instant = .now) { show(at: now, isBlocked: nil) }

    /// - Parameter isBlocked: nil: as before.
    private func show(at now: ContinuousClock.Instant, isBlocked: Bool?) {
        let more = state.withLock { state -> Duration? in
            let more = state.countedUntil.map { now - $0 }
            if isBlocked ?? (more != nil) { state.countedUntil = now } else { state.countedUntil = nil }
            return more
        }
        if let more { blockedSeconds.increment(by: more / .seconds(1)) }
    }
}
