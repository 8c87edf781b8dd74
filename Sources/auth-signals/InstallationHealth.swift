// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthServiceKit
import AuthRelay
import AuthSignals
import AuthStore
import Foundation
import Metrics
import ServiceLifecycle

/// The health report of `/readyz`. Log-ins work during a broker outage, so `serve` is ready while its store works, and
/// reports the broker only in the body; a stand-alone `relay` is not ready without a broker.
struct InstallationHealth: Sendable {
    private let store: any OperatedStore
    private let relay: SignalRelay?
    private let publisher: BrokerPublisher?
    private let port: Int?
    private let host: String
    /// While it runs, the process is not ready.
    private let drain: DrainPeriod?
    private let outboxAge = PendingAge()
    private let mailAge = PendingAge()
    private let storeIsReachable = Gauge(label: "auth_signals_store_reachable")

    init(
        _ installation: Installation, relay: SignalRelay?, publisher: BrokerPublisher?,
        drain: DrainPeriod? = nil
    ) {
        self.drain = drain
        store = installation.store
        self.relay = relay
        self.publisher = publisher
        port = installation.settings.process.metricsPort
        host = installation.settings.process.metricsHost
    }

    func report(brokerIsRequired: Bool) async -> HealthRoutes.Report {
        var parts: [String: String] = [:]
        var ready = true
        do {
            try await store.checkReachable()
            let outbox = try await store.status()
            let mail = try await store.mailStatus()
            let now = Date()
            parts["store"] = "ok"
            parts["pending"] = "\(outbox.pending)"
            if let since = outbox.pausedSince { parts["paused_since"] = since.wireText }
            parts["oldest_pending_seconds"] = String(
                Int(outboxAge.seconds(of: outbox.oldestPending, at: now)))
            parts["mail_pending"] = "\(mail.pending)"
            parts["mail_oldest_pending_seconds"] = String(
                Int(mailAge.seconds(of: mail.oldestPending, at: now)))
            parts["mail_failed"] = "\(mail.failed)"
            if outbox.parked > 0 {
                parts["parked"] = "\(outbox.parked)"
                parts["parked_last"] = try await store.newestParked().map {
                    "\($0.row.draft.name) \($0.row.draft.id.wireText): \($0.reason ?? "")"
                }
            }
            storeIsReachable.record(1)
        } catch {
            storeIsReachable.record(0)
            parts["store"] = "\(error)"
            ready = false
        }
        if let relay {
            parts["relay"] = relay.phase.rawValue
            let suspects = relay.suspects
            if let first = suspects.first {
                parts["suspects"] = "\(suspects.count)"
                parts["suspect"] = "\(first.name) \(first.id.wireText): \(first.reason)"
            }
        }
        if let publisher {
            parts["broker"] = "\(publisher.status)"
            if brokerIsRequired, !publisher.status.isReady { ready = false }
        }
        if let drain, drain.isDraining {
            parts["stopping"] = "true"
            ready = false
        }
        return HealthRoutes.Report(ready: ready, parts: parts)
    }

    /// The health routes, for an existing listener.
    func routes(metrics: PrometheusMetrics, brokerIsRequired: Bool) -> HealthRoutes {
        HealthRoutes(metrics: metrics) { await report(brokerIsRequired: brokerIsRequired) }
    }

    /// A separate listener, if `METRICS_PORT` is set.
    func services(metrics: PrometheusMetrics, brokerIsRequired: Bool) async throws -> [any Service] {
        guard let port else { return [] }
        return [
            routes(metrics: metrics, brokerIsRequired: brokerIsRequired).application(host: host, port: port)
        ]
    }
}
