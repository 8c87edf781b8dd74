// SPDX-License-Identifier: Apache-2.0

/// The `# HELP` lines of the metrics page; docs/operations.md lists the same metrics.
enum MetricDescriptions {
    /// The description of a metric, by its name on the metrics page.
    static func text(of name: String) -> String {
        texts[name] ?? "A metric of the application or of a library."
    }

    private static let texts = [
        // The relay.
        "auth_signals_emitted_total": "Signals committed to this store since the relay started.",
        "auth_signals_confirmed_total": "Signals that the broker confirmed and routed to at least one queue.",
        "auth_signals_unrouted_total": "Signals that the broker confirmed and no queue was bound for.",
        "auth_signals_nacked_total":
            "Signals that the broker rejected (basic.nack); they are published again later.",
        "auth_signals_unknown_total": "Signals whose connection was lost before the broker's confirm.",
        "auth_signals_republished_total": "Signals published again because their outcome was unknown.",
        "auth_signals_parked_total":
            "Signals parked: permanently refused by the broker, kept and not retried.",
        "auth_signals_suspects":
            "Signals in flight when the broker closed the channel, which are published again one at a time.",
        "auth_signals_channel_closed_total":
            "Channels closed by the broker with one signal in flight, by signal name and reply code.",
        "auth_signals_in_flight": "Signals published and not confirmed yet.",
        "auth_signals_pending": "Pending signals in the outbox.",
        "auth_signals_oldest_pending_age_seconds": "Age of the oldest pending signal in the outbox.",
        "auth_signals_paused": "1 while an operator has paused the outbox.",
        "auth_signals_publish_duration_seconds": "Time from publishing a batch to its last confirm.",
        "auth_signals_lease_held": "1 while this process holds the lease: relay or mail.",
        "auth_signals_ready": "1 if /readyz would answer 200.",
        // The store.
        "auth_signals_store_reachable": "1 if the store answered when this page was made.",
        "auth_signals_store_bytes": "Size of the store and its write-ahead log.",
        "auth_signals_store_free_bytes": "Free space on the store's file system.",
        "auth_receiver_dropped_total":
            "Signals dropped because an in-process receiver was too slow, by handler.",
        "auth_receiver_failures_total":
            "Signals for which an in-process receiver threw an error, by handler.",
        // Traces.
        "auth_signals_spans_exported_total": "Spans that the OpenTelemetry collector accepted.",
        "auth_signals_spans_dropped_total":
            "Spans that were not exported, by reason: a full queue, or a collector that failed.",
        // Connections.
        "auth_signals_broker_reconnects_total": "Reconnects to the broker, by connection.",
        "auth_signals_broker_blocked":
            "1 while the broker blocks publishing (connection.blocked), by connection.",
        "auth_signals_broker_blocked_seconds_total": "Time the broker blocked publishing, by connection.",
        // Mail.
        "auth_signals_mail_sent_total": "Mails that the mail server accepted.",
        "auth_signals_mail_failed_total":
            "Failed attempts to send a mail, by code and by whether the mail failed permanently.",
        "auth_signals_mail_pending": "Pending mails.",
        "auth_signals_mail_oldest": "Age of the oldest pending mail, in seconds.",
        // The worker.
        "auth_signals_handled_total": "Signals handled successfully, by handler.",
        "auth_signals_failed_total": "Attempts at handling a signal that threw an error, by handler.",
        "auth_signals_retried_total": "Retry copies published to a retry rung, by handler.",
        "auth_signals_dead_total": "Messages dead-lettered, by handler; empty if no handler was called.",
        "auth_signals_ladder_depth": "Retry copies in the retry rungs at the broker.",
        "auth_signals_dead_depth": "Dead letters in the dead-letter queue.",
        "auth_signals_duplicates_dropped_total":
            "Deliveries of signals that were handled before, by handler.",
        "auth_signals_handler_duration_seconds": "Time of one attempt at handling a signal, by handler.",
        "auth_signals_lane_depth": "Deliveries that wait in their subject queue or for a free handler.",
        "auth_signals_deferred_total":
            "Messages that wait on a retry rung because the handler's circuit is open, by handler.",
        "auth_signals_circuit_open": "1 while the handler's circuit breaker is open, by handler.",
        "auth_signals_circuit_opened_total": "How often the handler's circuit breaker opened, by handler.",
    ]
}
