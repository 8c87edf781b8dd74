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
        var blockedSince: ContinuousClock.Instant?
    }

    /// - Parameter name: the connection's, as the broker's management page shows it.
    init(_ name: String) {
        let dimensions = [("connection", name)]
        reconnects = Counter(label: "auth_signals_broker_reconnects", dimensions: dimensions)
        blocked = Gauge(label: "auth_signals_broker_blocked", dimensions: dimensions)
        blockedSeconds = FloatingPointCounter(
            label: "auth_signals_broker_blocked_seconds", dimensions: dimensions)
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
    func set(isBlocked: Bool) {
        let ended = state.withLock { state -> Duration? in
            if isBlocked {
                state.blockedSince = state.blockedSince ?? .now
                return nil
            }
            defer { state.blockedSince = nil }
            return state.blockedSince.map { .now - $0 }
        }
        blocked.record(isBlocked ? 1 : 0)
        if let ended { blockedSeconds.increment(by: ended / .seconds(1)) }
    }
}
