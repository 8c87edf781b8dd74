// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
import Synchronization
public import Tracing

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
        /// Another process holds the relay lease, this one has lost it, or ``SignalRelay/run()`` was not called.
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
    /// Nil without a tracer: then publishing a message costs nothing more.
    let tracer: (any Tracer)?
    private let currentPhase = Mutex(Phase.waitingForLease)
    private let currentSuspects = Mutex([SuspectSignal]())
    private let currentInFlight = Mutex<Int?>(nil)
    /// When the loop last checked whether an operator has paused the outbox; nil before the first check.
    let lastPauseCheck = Mutex<ContinuousClock.Instant?>(nil)
    /// How many new rows were read.
    let rowsRead = Atomic(0)
    let unrouted = UnroutedLog()

    /// - Parameters:
    ///   - outbox: The outbox to relay; one relay at a time holds its lease.
    ///   - publisher: Must be stopped after the relay, which needs it to finish.
    ///   - codec: Encodes the emitted signals.
    ///   - settings: The number of messages in flight, and the pauses after failures.
    ///   - clock: The time; tests pass a clock that they set.
    ///   - logger: Receives the log lines.
    ///   - metrics: Receives the metrics.
    ///   - tracer: Receives a span for each published signal whose trace is sampled.
    public convenience init(
        from outbox: any Outbox, to publisher: any SignalPublisher, codec: SignalCodec,
        settings: RelaySettings = RelaySettings(), clock: any WallClock = .system, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        self.init(
            from: outbox, to: publisher, codec: codec, settings: settings, clock: clock, failpoints: .none,
            logger: logger, metrics: metrics, tracer: tracer)
    }

    package init(
        from outbox: any Outbox, to publisher: any SignalPublisher, codec: SignalCodec,
        settings: RelaySettings = RelaySettings(), clock: any WallClock = .system,
        failpoints: RelayFailpoints, logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        self.outbox = outbox
        self.publisher = publisher
        self.codec = codec
        self.settings = settings
        self.clock = clock
        self.failpoints = failpoints
        self.logger = logger
        self.metrics = RelayMetrics(factory: metrics)
        self.tracer = tracer is NoOpTracer ? nil : tracer
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

    /// How many signals are published and not settled by the broker's answer yet; nil unless this relay holds the lease.
    public internal(set) var inFlight: Int? {
        get { currentInFlight.withLock { $0 } }
        set { currentInFlight.withLock { $0 = newValue } }
    }

    /// Relays until a graceful shutdown or cancellation. On a graceful shutdown it reads nothing more, waits for what
    /// is in flight, settles it, and releases the lease. On cancellation it abandons what is in flight; the next relay
    /// publishes it again.
    ///
    /// If the lease is lost, it abandons what is in flight and waits for the lease again. What it has published without
    /// an answer is published again by the next holder, in the same order.
    ///
    /// - Throws: the outbox's error if the lease cannot be acquired for the first time.
    public func run() async throws {
        defer {
            phase = .stopped
            suspects = []
            inFlight = nil
        }
        var hadLease = false
        while let lease = try await acquireLease(again: hadLease) {
            hadLease = true
            logger.info("relay lease acquired; relaying the outbox")
            metrics.show(holdsLease: true)
            defer {
                metrics.show(holdsLease: false)
                lease.release()
            }
            guard try await isLost(lease) else { return }
            phase = .waitingForLease
            suspects = []
            inFlight = nil
            metrics.show(inFlight: 0, suspects: 0)
            logger.warning("relay lease lost; waiting to acquire it again")
        }
    }

    /// - Parameter again: whether the lease was held before. An unreachable store then must not end the process.
    /// - Returns: nil at a graceful shutdown or cancellation.
    private func acquireLease(again: Bool) async throws -> (any Lease)? {
        let outbox = outbox
        while true {
            do {
                return try await cancelWhenGracefulShutdown { try await outbox.acquireRelayLease() }
            } catch is CancellationError {
                return nil
            } catch  where again {
                logger.warning("relay lease acquisition failed; retrying", metadata: ["error": "\(error)"])
                let pause = settings.sweepInterval
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
            }
        }
    }

    /// Relays while the lease is held.
    ///
    /// - Returns: false after a shutdown; true if the lease was lost, after everything of this relay has ended.
    private func isLost(_ lease: any Lease) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await RelayLoop(self).run()
                return false
            }
            group.addTask {
                await lease.lost()
                return true
            }
            let isLost = try await group.next() ?? false
            group.cancelAll()
            return isLost && !Task.isCancelled
        }
    }
}
