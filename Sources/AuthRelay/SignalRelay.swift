// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
import Synchronization

/// Publishes the committed signals of an outbox.
///
/// ```swift
/// let relay = SignalRelay(from: store, to: publisher, codec: codec, logger: logger)
/// let group = ServiceGroup(services: [publisher, relay], logger: logger)
/// ```
///
/// A row is settled only after its outcome is known, so every committed signal is published at least once; rows are
/// published in commit order. A nacked row is deferred and blocks the later rows of its subject; other subjects are not
/// affected. A row for which the broker closes the channel is found, published alone, and parked if it remains the
/// cause (``suspects``).
public final class SignalRelay: Service {
    /// The state of a relay.
    public enum Phase: String, Hashable, Sendable, Codable {
        /// Another process holds the relay lease, or ``SignalRelay/run()`` was not called.
        case waitingForLease = "waiting_for_lease"
        /// The publisher is not ready.
        case waitingForBroker = "waiting_for_broker"
        case relaying
        /// An operator has paused the outbox.
        case paused
        case stopping
        case stopped
    }

    let outbox: any Outbox
    let publisher: any SignalPublisher
    let codec: SignalCodec
    let settings: RelaySettings
    let clock: any WallClock
    let failpoints: RelayFailpoints
    let logger: Logger
    let metrics: RelayMetrics
    private let currentPhase = Mutex(Phase.waitingForLease)
    private let currentSuspects = Mutex([SuspectSignal]())
    let unrouted = UnroutedLog()

    /// - Parameters:
    ///   - outbox: The outbox to relay; one relay at a time holds its lease.
    ///   - publisher: Must be stopped after the relay, which needs it to finish.
    public convenience init(
        from outbox: any Outbox, to publisher: any SignalPublisher, codec: SignalCodec,
        settings: RelaySettings = RelaySettings(), clock: any WallClock = .system, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.init(
            from: outbox, to: publisher, codec: codec, settings: settings, clock: clock, failpoints: .none,
            logger: logger, metrics: metrics)
    }

    package init(
        from outbox: any Outbox, to publisher: any SignalPublisher, codec: SignalCodec,
        settings: RelaySettings = RelaySettings(), clock: any WallClock = .system,
        failpoints: RelayFailpoints, logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.outbox = outbox
        self.publisher = publisher
        self.codec = codec
        self.settings = settings
        self.clock = clock
        self.failpoints = failpoints
        self.logger = logger
        self.metrics = RelayMetrics(factory: metrics)
    }

    /// The current state.
    public internal(set) var phase: Phase {
        get { currentPhase.withLock { $0 } }
        set { currentPhase.withLock { $0 = newValue } }
    }

    /// The signals for which the broker closed the channel and which are not parked yet; the oldest first.
    public internal(set) var suspects: [SuspectSignal] {
        get { currentSuspects.withLock { $0 } }
        set { currentSuspects.withLock { $0 = newValue } }
    }

    /// Relays until a graceful shutdown or cancellation. On a graceful shutdown it reads nothing more, waits for what
    /// is in flight, settles it, and releases the lease. On cancellation it abandons what is in flight; the next relay
    /// publishes it again.
    public func run() async throws {
        defer {
            phase = .stopped
            suspects = []
        }
        let outbox = outbox
        let lease: any Lease
        do {
            lease = try await cancelWhenGracefulShutdown { try await outbox.acquireRelayLease() }
        } catch is CancellationError {
            return
        }
        defer { lease.release() }
        logger.info("relay lease acquired; relaying the outbox")
        try await RelayLoop(self).run()
    }
}
