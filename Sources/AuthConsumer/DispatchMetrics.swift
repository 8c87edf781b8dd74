// SPDX-License-Identifier: Apache-2.0
import Metrics
import Synchronization

/// The metrics of a dispatcher.
final class DispatchMetrics: Sendable {
    /// The metrics of one handler.
    struct PerHandler: Sendable {
        let handled: Counter
        let failed: Counter
        let retried: Counter
        let dead: Counter
        let deferred: Counter
        let duplicates: Counter
        let duration: Metrics.Timer

        init(_ name: String, _ factory: any MetricsFactory) {
            let dimensions = [("handler", name)]
            handled = Counter(label: "auth_signals_handled", dimensions: dimensions, factory: factory)
            failed = Counter(label: "auth_signals_failed", dimensions: dimensions, factory: factory)
            retried = Counter(label: "auth_signals_retried", dimensions: dimensions, factory: factory)
            dead = Counter(label: "auth_signals_dead", dimensions: dimensions, factory: factory)
            deferred = Counter(label: "auth_signals_deferred", dimensions: dimensions, factory: factory)
            duplicates = Counter(
                label: "auth_signals_duplicates_dropped", dimensions: dimensions, factory: factory)
            duration = Metrics.Timer(
                label: "auth_signals_handler_duration", dimensions: dimensions, factory: factory)
        }
    }

    private let depth: Mutex<Gauge>
    /// Messages that were dead-lettered without calling a handler: malformed, or for an unknown handler.
    let deadLetter: Counter

    init(factory: any MetricsFactory) {
        depth = Mutex(Gauge(label: "auth_signals_lane_depth", factory: factory))
        deadLetter = Counter(label: "auth_signals_dead", dimensions: [("handler", "")], factory: factory)
    }

    /// - Parameter count: Called under the lock, so that of two tasks the one that records last has the newer value.
    func show(depth count: () -> Int) { depth.withLock { $0.record(count()) } }
}

extension Metrics.Timer {
    func record(since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
