// SPDX-License-Identifier: Apache-2.0

/// The numbers of one queue that a worker consumes.
struct QueueNumbers: Codable, Hashable, Sendable {
    var name: String
    var ready: Int?
    var unacked: Int?
    /// Deliveries a second.
    var ratePerSecond: Double?
    /// How many messages wait on the retry ladder.
    var retry: Int?
    /// How many dead letters the queue has.
    var dead: Int?

    private enum CodingKeys: String, CodingKey {
        case name, ready, unacked, ratePerSecond = "rate_per_s", retry, dead
    }
}

/// What the broker's management API reports.
struct BrokerReport: Codable, Hashable, Sendable {
    var queues: [QueueNumbers] = []
    /// Why the numbers are not current; nil if they are. Never has an address or a password.
    var error: String?
}

/// The numbers of one worker, read from its metrics page.
struct WorkerReport: Codable, Hashable, Sendable {
    /// Percentiles of a handler's time, in milliseconds.
    struct Latency: Codable, Hashable, Sendable {
        var p50: Double?
        var p99: Double?
    }

    /// Host and port of the metrics page.
    var address: String
    var handledTotal: Int?
    var handledPerSecond: Double?
    var latency: Latency?
    var failedTotal: Int?
    var inFlight: Int?
    /// Why the numbers are not current; nil if they are.
    var error: String?

    private enum CodingKeys: String, CodingKey {
        case address, handledTotal = "handled_total", handledPerSecond = "handled_per_s",
            latency = "latency_ms", failedTotal = "failed_total", inFlight = "in_flight", error
    }
}

/// Where the dashboard obtains the broker's numbers; `BrokerNumbers` calls the management API.
protocol BrokerNumbersSource: Sendable {
    /// The last known numbers; does not wait for the broker.
    func current() async -> BrokerReport
}

/// Where the dashboard obtains the workers' numbers; `WorkerNumbers` reads their metrics pages.
protocol WorkerNumbersSource: Sendable {
    /// The last known numbers; does not wait for a worker.
    func current() async -> [WorkerReport]
}
