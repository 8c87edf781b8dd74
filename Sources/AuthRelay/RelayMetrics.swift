// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Metrics
import Synchronization

/// The metrics of a relay.
struct RelayMetrics: Sendable {
    private let confirmed: Counter
    private let unrouted: Counter
    private let nacked: Counter
    private let unknown: Counter
    private let republished: Counter
    private let parked: Counter
    private let suspects: Gauge
    private let inFlight: Gauge
    private let pending: Gauge
    private let oldestPending: Gauge
    private let age = PendingAge()
    private let paused: Gauge
    private let leaseHeld: Gauge
    private let emitted: Counter
    private let emissions = Emissions()
    private let publishing: Metrics.Timer
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        confirmed = Counter(label: "auth_signals_confirmed", factory: factory)
        unrouted = Counter(label: "auth_signals_unrouted", factory: factory)
        nacked = Counter(label: "auth_signals_nacked", factory: factory)
        unknown = Counter(label: "auth_signals_unknown", factory: factory)
        republished = Counter(label: "auth_signals_republished", factory: factory)
        parked = Counter(label: "auth_signals_parked", factory: factory)
        inFlight = Gauge(label: "auth_signals_in_flight", factory: factory)
        pending = Gauge(label: "auth_signals_pending", factory: factory)
        oldestPending = Gauge(label: "auth_signals_oldest_pending_age_seconds", factory: factory)
        emitted = Counter(label: "auth_signals_emitted", factory: factory)
        paused = Gauge(label: "auth_signals_paused", factory: factory)
        suspects = Gauge(label: "auth_signals_suspects", factory: factory)
        leaseHeld = Gauge(
            label: "auth_signals_lease_held", dimensions: [("lease", "relay")], factory: factory)
        leaseHeld.record(0)
        self.factory = factory
        publishing = Metrics.Timer(label: "auth_signals_publish_duration", factory: factory)
    }

    func count(_ event: RelayLogEvent) {
        switch event {
        case .confirmed(let count): confirmed.increment(by: count)
        case .unrouted: unrouted.increment()
        case .nacked: nacked.increment()
        case .parked: parked.increment()
        case .channelClosed(let name, let code): channelClosed(name, code: code)
        case .suspected, .isolated: break
        case .unknown(let count): unknown.increment(by: count)
        case .republished(let count): republished.increment(by: count)
        }
    }

    /// The label's cardinality is small: the signal names of the catalogue and of the application.
    private func channelClosed(_ name: SignalName, code: Int) {
        Counter(
            label: "auth_signals_channel_closed",
            dimensions: [("signal", name.rawValue), ("code", String(code))], factory: factory
        ).increment()
    }

    func show(inFlight count: Int, suspects suspectCount: Int) {
        inFlight.record(count)
        suspects.record(suspectCount)
    }

    func show(holdsLease: Bool) { leaseHeld.record(holdsLease ? 1 : 0) }

    func show(_ status: OutboxStatus, now: Date) {
        pending.record(status.pending)
        emitted.increment(by: emissions.growth(to: status.emitted))
        paused.record(status.pausedSince == nil ? 0 : 1)
        oldestPending.record(age.seconds(of: status.oldestPending, at: now))
    }

    /// - Parameter duration: The time from submitting a batch to the last of its outcomes.
    func published(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        publishing.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

/// The number of the store's signals that have been counted.
final class Emissions: Sendable {
    private let known = Mutex<Int?>(nil)

    /// The number of signals emitted since the last call; 0 for the first one: signals that were emitted before the
    /// process started would look like a burst. 0 also for numbers whose difference is too large: the store's numbers
    /// come from a database that other programs can write.
    func growth(to emitted: Int) -> Int {
        known.withLock { known in
            // Concurrent calls may overtake each other.
            let before = known ?? emitted
            known = max(before, emitted)
            let growth = emitted.subtractingReportingOverflow(before)
            return growth.overflow ? 0 : max(0, growth.partialValue)
        }
    }
}
