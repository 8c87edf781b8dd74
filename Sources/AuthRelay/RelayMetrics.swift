// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Metrics

/// What a relay counts.
struct RelayMetrics: Sendable {
    private let confirmed = Counter(label: "auth_signals_confirmed")
    private let unrouted = Counter(label: "auth_signals_unrouted")
    private let nacked = Counter(label: "auth_signals_nacked")
    private let unknown = Counter(label: "auth_signals_unknown")
    private let republished = Counter(label: "auth_signals_republished")
    private let parked = Counter(label: "auth_signals_parked")
    private let inFlight = Gauge(label: "auth_signals_in_flight")
    private let pending = Gauge(label: "auth_signals_pending")
    private let oldestPending = Gauge(label: "auth_signals_oldest_pending_age_seconds")
    private let publishing = Metrics.Timer(label: "auth_signals_publish_duration")

    func count(_ notice: RelayNotice) {
        switch notice {
        case .confirmed(let count): confirmed.increment(by: count)
        case .unrouted: unrouted.increment()
        case .nacked: nacked.increment()
        case .parked: parked.increment()
        case .unknown(let count): unknown.increment(by: count)
        case .republished(let count): republished.increment(by: count)
        }
    }

    func show(inFlight count: Int) { inFlight.record(count) }

    func show(_ status: OutboxStatus, now: Date) {
        pending.record(status.pending)
        oldestPending.record(status.oldestPending.map { max(0, now.timeIntervalSince($0)) } ?? 0)
    }

    /// - Parameter duration: from handing a batch over to the last of its outcomes.
    func published(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        publishing.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
