// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging
import Metrics

/// Declares again what a consumer owns and the broker has lost, while the worker runs: the exchange, the queues of the
/// ladder and of the dead letters, bindings. What exists is left alone.
///
/// The answers also tell how many messages wait in each queue, which are shown as metrics.
final class TopologyUpkeep: ConnectionUpkeep {
    let interval: Duration
    private let topology: ConsumerTopology
    private let signals: String
    private let logger: Logger
    private let ladder: [Gauge]
    private let dead: Gauge
    /// After a refusal nothing is declared: to try again would end the connection each time.
    private var isRefused = false
    /// Until when the queue is not bound, since the signals' exchange was missing.
    private var withoutSignals: ContinuousClock.Instant?

    /// How long after the signals' exchange was missing the queue is bound again: if it is still missing, that ends
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
        // In their order: the queue itself, the ladder, the dead letters.
        let counts = try channel.declareOwn(topology)
        for (gauge, count) in zip(ladder, counts.dropFirst()) { gauge.record(count) }
        if let last = counts.last { dead.record(last) }
    }

    func failed(_ error: BrokerError) {
        switch error.code {
        case .accessRefused, .topologyMismatch:
            isRefused = true
            logger.warning(
                "what the consumer owns cannot be declared again; it is not looked after until a restart",
                metadata: ["queue": "\(topology.queue)", "error": "\(error.message)"])
        case .notFound:
            logger.warning(
                "the signals' exchange is missing; the queue receives nothing until its publisher declares it",
                metadata: ["queue": "\(topology.queue)", "exchange": "\(signals)"])
        default: break
        }
    }
}
