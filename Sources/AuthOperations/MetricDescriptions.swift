// SPDX-License-Identifier: Apache-2.0

/// The texts of the metrics page's `# HELP` lines; docs/operations.md lists the same metrics.
enum MetricDescriptions {
    /// The text of a metric, by the name that the page shows.
    static func text(of name: String) -> String {
        texts[name] ?? "A metric of the application or of a library."
    }

    private static let texts = [
        // The relay.
        "auth_signals_emitted_total": "Signals committed to this store since the relay began.",
        "auth_signals_confirmed_total": "Signals that the broker stored in at least one queue.",
        "auth_signals_unrouted_total": "Signals that the broker took and no queue was bound for.",
        "auth_signals_nacked_total": "Signals that the broker did not store; they are sent again later.",
        "auth_signals_unknown_total": "Signals whose connection was lost before the broker's answer.",
        "auth_signals_republished_total": "Signals sent again because their outcome was unknown.",
        "auth_signals_parked_total": "Signals that the broker refused for good.",
        "auth_signals_suspects":
            "Signals that the broker closed the channel over and that are sent again alone.",
        "auth_signals_channel_closed_total":
            "Closings of the channel with one signal in flight, by its name and the broker's reply code.",
        "auth_signals_in_flight": "Signals sent to the broker and not answered yet.",
        "auth_signals_pending": "Signals that wait in the outbox.",
        "auth_signals_oldest_pending_age_seconds": "Age of the oldest signal that waits in the outbox.",
        "auth_signals_paused": "1 while an operator has paused the outbox.",
        "auth_signals_publish_duration_seconds": "Time from handing a batch over to the last answer for it.",
        // The store.
        "auth_signals_store_bytes": "Size of the store and its write-ahead log.",
        "auth_signals_store_free_bytes": "Free space on the store's file system.",
        "auth_receiver_dropped_total": "Signals that an in-process receiver was too slow to get, by handler.",
        "auth_receiver_failures_total": "Signals that an in-process receiver threw for, by handler.",
        // Connections.
        "auth_signals_broker_reconnects_total": "Connections made after the first, by connection.",
        "auth_signals_broker_blocked": "1 while the broker takes no messages, by connection.",
        "auth_signals_broker_blocked_seconds_total": "How long the broker took no messages, by connection.",
        // Mail.
        "auth_signals_mail_sent_total": "Mails that the mail server took.",
        "auth_signals_mail_failed_total":
            "Attempts to send a mail that failed, by code and by whether it was the last.",
        "auth_signals_mail_pending": "Mails that wait.",
        "auth_signals_mail_oldest": "Age of the oldest mail that waits, in seconds.",
        // The worker.
        "auth_signals_handled_total": "Signals that were handled, by handler.",
        "auth_signals_failed_total": "Attempts at handling a signal that threw, by handler.",
        "auth_signals_retried_total": "Copies put on the retry ladder, by handler.",
        "auth_signals_dead_total": "Dead letters, by handler; empty if no handler was asked.",
        "auth_signals_ladder_depth": "Copies that wait on the retry ladder at the broker.",
        "auth_signals_dead_depth": "Dead letters that lie at the broker.",
        "auth_signals_duplicates_dropped_total":
            "Deliveries of signals that were handled before, by handler.",
        "auth_signals_handler_duration_seconds": "Time of one attempt at handling a signal, by handler.",
        "auth_signals_lane_depth": "Deliveries that wait for their subject's turn or for a free handler.",
    ]
}
