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
/// A row is settled only after the broker has answered for it, so every committed signal is published at
/// least once; rows are published in commit order. A subject whose row was nacked waits until that row is
/// through, the others pass. A row that the broker closes the channel over is found, sent alone, and parked if it
/// stays the cause (``suspects``).
public final class SignalRelay: Service {
    /// What a relay is doing.
    public enum Phase: String, Hashable, Sendable, Codable {
        /// Another process relays the outbox, or ``SignalRelay/run()`` was not called.
        case waitingForRole
        /// The publisher cannot publish.
        case waitingForBroker
        case relaying
        /// An operator has stopped it.
        case paused
        case stopping
        case stopped
    }

    let outbox: any Outbox
    let publisher: any SignalPublisher
    let codec: SignalCodec
    let configuration: RelayConfiguration
    let clock: any WallClock
    let failpoints: RelayFailpoints
    let logger: Logger
    let metrics: RelayMetrics
    private let currentPhase = Mutex(Phase.waitingForRole)
    private let currentSuspects = Mutex([SuspectSignal]())
    let unrouted = UnroutedLog()

    /// - Parameters:
    ///   - outbox: what is relayed; one relay at a time has the right to.
    ///   - publisher: is to be stopped after the relay, which needs it to finish.
    ///   - failpoints: for tests.
    public init(
        from outbox: any Outbox, to publisher: any SignalPublisher, codec: SignalCodec,
        configuration: RelayConfiguration = RelayConfiguration(), clock: any WallClock = .system,
        failpoints: RelayFailpoints = .none, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.outbox = outbox
        self.publisher = publisher
        self.codec = codec
        self.configuration = configuration
        self.clock = clock
        self.failpoints = failpoints
        self.logger = logger
        self.metrics = RelayMetrics(factory: metrics)
    }

    /// What it is doing.
    public internal(set) var phase: Phase {
        get { currentPhase.withLock { $0 } }
        set { currentPhase.withLock { $0 = newValue } }
    }

    /// The signals over which the broker closed the channel, and which are not parked yet; the oldest first.
    public internal(set) var suspects: [SuspectSignal] {
        get { currentSuspects.withLock { $0 } }
        set { currentSuspects.withLock { $0 = newValue } }
    }

    /// Relays until a graceful shutdown, which takes nothing more from the outbox, finishes what is in flight
    /// and settles it, and gives the right to relay back; or until it is cancelled, which leaves what is in
    /// flight to the next relay.
    public func run() async throws {
        defer {
            phase = .stopped
            suspects = []
        }
        let outbox = outbox
        let role: any RelayRole
        do {
            role = try await cancelWhenGracefulShutdown { try await outbox.acquireRelayRole() }
        } catch is CancellationError {
            return
        }
        defer { role.release() }
        logger.info("relaying the outbox")
        try await RelayLoop(self).run()
    }
}
