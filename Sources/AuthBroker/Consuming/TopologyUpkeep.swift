// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging
import Metrics

/// Periodically declares what a consumer owns, so that objects that were deleted while the worker runs are restored:
/// its exchange, the queues of the retry ladder and of the dead letters, bindings. Existing objects are unchanged.
///
/// The replies contain the number of messages in each queue, which is exported as metrics.
final class TopologyUpkeep: ConnectionUpkeep {
    let interval: Duration
    private let topology: ConsumerTopology
    private let signals: String
    private let logger: Logger
    private let ladder: [Gauge]
    private let dead: Gauge
    /// After a refusal nothing is declared any more: each attempt would end the connection.
    private var isRefused = false
    /// When to bind the queue again after the signals' exchange was missing; nil if it was not.
    private var withoutSignals: ContinuousClock.Instant?

    /// How long to wait before binding again after the signals' exchange was missing: if it still is, the attempt ends
    /// the connection.
    private static let pause = Duration.seconds(60)

    init(
        of topology: ConsumerTopology, signals: String, every interval: Duration, logger: Logger,
        metrics factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.topology = topology
        self.signals = signals
        self.interval = interval
        self.logger = logger
        ladder = RetryRung.allCases.map {
            Gauge(label: "auth_signals_ladder_depth", dimensions: [("rung", $0.name)], factory: factory)
        }
        dead = Gauge(label: "auth_signals_dead_depth", factory: factory)
    }

    func opened(_ channel: Channel) throws(BrokerError) {
        if !isRefused { try declareOwn(channel) }
    }

    func perform(_ channel: Channel) throws(BrokerError) {
        if isRefused { return }
        try declareOwn(channel)
        if let withoutSignals, .now < withoutSignals { return }
        withoutSignals = .now + Self.pause
        try channel.bind(topology, to: signals)
        withoutSignals = nil
    }

    private func declareOwn(_ channel: Channel) throws(BrokerError) {
        // The order is: the queue itself, the retry ladder, the dead letters.
        let counts = try channel.declareOwn(topology)
        for (gauge, count) in zip(ladder, counts.dropFirst()) { gauge.record(count) }
        if let last = counts.last { dead.record(last) }
    }

    func failed(_ error: BrokerError) {
        switch error.code {
        case .accessRefused, .topologyMismatch:
            isRefused = true
            logger.warning(
                "consumer's queues cannot be declared; no further attempts until a restart",
                metadata: ["queue": "\(topology.queue)", "error": "\(error.message)"])
        case .notFound:
            logger.warning(
                "signals exchange missing; the queue receives nothing until a publisher declares it",
                metadata: ["queue": "\(topology.queue)", "exchange": "\(signals)"])
        default: break
        }
    }
}
