// SPDX-License-Identifier: Apache-2.0

/// What real programs have answered.
enum NumbersSamples {
    /// The metrics page of a worker that has handled five signals; some families of the same form are left out.
    static let metricsPage = #"""
        # TYPE auth_signals_broker_blocked gauge
        auth_signals_broker_blocked{connection="auth-consumer consumer"} 0.0
        auth_signals_broker_blocked{connection="auth-consumer mover"} 0.0
        # HELP auth_signals_dead_depth Dead letters in the dead-letter queue.
        # TYPE auth_signals_dead_depth gauge
        auth_signals_dead_depth 0.0
        # HELP auth_signals_dead_total Messages dead-lettered, by handler; empty if no handler was called.
        # TYPE auth_signals_dead_total counter
        auth_signals_dead_total{handler=""} 0
        auth_signals_dead_total{handler="log"} 0
        # HELP auth_signals_failed_total Attempts at handling a signal that threw an error, by handler.
        # TYPE auth_signals_failed_total counter
        auth_signals_failed_total{handler="log"} 0
        # HELP auth_signals_handled_total Signals handled successfully, by handler.
        # TYPE auth_signals_handled_total counter
        auth_signals_handled_total{handler="log"} 5
        # HELP auth_signals_handler_duration_seconds Time of one attempt at handling a signal, by handler.
        # TYPE auth_signals_handler_duration_seconds histogram
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.001"} 0
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.0025"} 4
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.005"} 4
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.01"} 4
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.025"} 4
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.05"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.1"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.25"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="0.5"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="1.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="2.5"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="5.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="10.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="60.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="600.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="3600.0"} 5
        auth_signals_handler_duration_seconds_bucket{handler="log",le="+Inf"} 5
        auth_signals_handler_duration_seconds_sum{handler="log"} 0.04818754500000001
        auth_signals_handler_duration_seconds_count{handler="log"} 5
        # HELP auth_signals_ladder_depth Retry copies in the retry rungs at the broker.
        # TYPE auth_signals_ladder_depth gauge
        auth_signals_ladder_depth{rung="10m"} 0.0
        auth_signals_ladder_depth{rung="10s"} 0.0
        auth_signals_ladder_depth{rung="1h"} 0.0
        auth_signals_ladder_depth{rung="1m"} 0.0
        auth_signals_ladder_depth{rung="1s"} 0.0
        # HELP auth_signals_lane_depth Deliveries that wait in their subject queue or for a free handler.
        # TYPE auth_signals_lane_depth gauge
        auth_signals_lane_depth 0.0
        # HELP auth_signals_retried_total Retry copies published to a retry rung, by handler.
        # TYPE auth_signals_retried_total counter
        auth_signals_retried_total{handler="log"} 0

        """#

    /// RabbitMQ 3.10's answer for the queues of a worker `billing`, with three messages while no worker ran.
    static let queues = #"""
        [
        {"message_stats":{"ack_details":{"rate":0.0}},"messages":3,"messages_ready":3,"messages_unacknowledged":0,
        "name":"billing","type":"quorum"},
        {"message_stats":{"ack_details":{"rate":0.0}},"messages":1,"messages_ready":1,"messages_unacknowledged":0,
        "name":"billing.bindings","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.dead","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.retry.10m","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.retry.10s","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.retry.1h","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.retry.1m","type":"quorum"},
        {"messages":0,"messages_ready":0,"messages_unacknowledged":0,
        "name":"billing.retry.1s","type":"quorum"}
        ]
        """#
}
