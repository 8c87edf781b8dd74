// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Metrics

/// The metrics of the mail loop: `auth_signals_mail_sent`, `…_failed`, `…_pending`, `…_oldest`, and
/// `auth_signals_lease_held`.
struct MailMetrics: Sendable {
    private let factory: any MetricsFactory
    private let pending: Gauge
    private let oldest: Gauge
    private let leaseHeld: Gauge
    private let age = PendingAge()

    init(factory: any MetricsFactory) {
        self.factory = factory
        pending = Gauge(label: "auth_signals_mail_pending", factory: factory)
        oldest = Gauge(label: "auth_signals_mail_oldest", factory: factory)
        leaseHeld = Gauge(
            label: "auth_signals_lease_held", dimensions: [("lease", "mail")], factory: factory)
        leaseHeld.record(0)
    }

    /// Counts a mail that the transport accepted.
    func sent(_ template: MailDraft.Template) {
        Counter(
            label: "auth_signals_mail_sent", dimensions: [("template", template.rawValue)], factory: factory
        )
        .increment()
    }

    /// Counts a failed attempt.
    ///
    /// - Parameter isFinal: whether the mail has permanently failed.
    func failed(_ code: MailError.Code, isFinal: Bool) {
        Counter(
            label: "auth_signals_mail_failed",
            dimensions: [("code", code.description), ("outcome", isFinal ? "failed" : "retry")],
            factory: factory
        ).increment()
    }

    /// Records whether this process holds the mail lease.
    func show(holdsLease: Bool) { leaseHeld.record(holdsLease ? 1 : 0) }

    /// Records the number of pending mails and the age of the oldest in seconds.
    func counted(_ status: MailStatus, now: Date) {
        pending.record(status.pending)
        oldest.record(age.seconds(of: status.oldestPending, at: now))
    }
}
