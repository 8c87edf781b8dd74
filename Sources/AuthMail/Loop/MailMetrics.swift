// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Metrics

/// The mail loop's figures: `auth_signals_mail_sent`, `…_failed`, `…_pending`, `…_oldest`.
struct MailMetrics: Sendable {
    private let factory: any MetricsFactory
    private let pending: Gauge
    private let oldest: Gauge
    private let age = PendingAge()

    init(factory: any MetricsFactory) {
        self.factory = factory
        pending = Gauge(label: "auth_signals_mail_pending", factory: factory)
        oldest = Gauge(label: "auth_signals_mail_oldest", factory: factory)
    }

    /// A mail that the transport took.
    func sent(_ template: MailDraft.Template) {
        Counter(
            label: "auth_signals_mail_sent", dimensions: [("template", template.rawValue)], factory: factory
        )
        .increment()
    }

    /// An attempt that failed.
    ///
    /// - Parameter isFinal: whether the mail was given up.
    func failed(_ code: MailError.Code, isFinal: Bool) {
        Counter(
            label: "auth_signals_mail_failed",
            dimensions: [("code", code.description), ("outcome", isFinal ? "aside" : "retry")],
            factory: factory
        ).increment()
    }

    /// What waits, and for how many seconds the oldest has.
    func counted(_ status: MailStatus, now: Date) {
        pending.record(status.pending)
        oldest.record(age.seconds(of: status.oldestPending, at: now))
    }
}
