// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
public import Tracing

/// Dispatches the messages of a queue to their handlers.
///
/// ```swift
/// let dispatcher = SignalDispatcher(from: source, handlers: handlers, inbox: inbox, logger: logger)
/// let group = ServiceGroup(services: [source, dispatcher], logger: logger)
/// ```
///
/// A message is acknowledged after all its handlers have returned. For each handler that threw, a copy is published to
/// the retry ladder and, after the last attempt, to the dead letters; the other handlers are not called again. Signals
/// of one subject are handled one after the other.
public final class SignalDispatcher: Service {
    let source: any SignalSource
    let handlers: HandlerTable
    let inbox: (any Inbox)?
    let settings: DispatcherSettings
    let clock: any WallClock
    let logger: Logger
    let metrics: DispatchMetrics
    let tracer: any Tracer
    /// Whether a tracer is installed: otherwise no spans are created.
    let isTraced: Bool
    let watch: HandlerWatch
    private let queue: DeliveryQueue

    /// - Parameters:
    ///   - source: Must be stopped after the dispatcher, which needs it to finish.
    ///   - inbox: Records handled messages. Without one, a message that is delivered twice is handled twice, and no
    ///     handler may be transactional.
    public init(
        from source: any SignalSource, handlers: SignalHandlers, inbox: (any Inbox)?,
        settings: DispatcherSettings = DispatcherSettings(), clock: any WallClock = .system,
        logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        precondition(settings.concurrency >= 1, "the concurrency must be at least 1")
        precondition(
            inbox != nil || !handlers.all.contains(where: \.isTransactional),
            "a transactional handler needs an inbox")
        self.source = source
        self.handlers = HandlerTable(handlers, metrics: metrics)
        self.inbox = inbox
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.tracer = tracer
        isTraced = !(tracer is NoOpTracer)
        self.metrics = DispatchMetrics(factory: metrics)
        watch = HandlerWatch(limit: settings.handlerTimeout)
        queue = DeliveryQueue(concurrency: settings.concurrency, isStrict: source.isStrictlyOrdered)
    }

    /// Dispatches until the source ends, a graceful shutdown or cancellation. On a graceful shutdown it consumes
    /// nothing more and finishes the deliveries in flight. On cancellation it abandons them; they are redelivered.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Ended.self) { group in
                group.addTask { await self.read() }
                group.addTask { await self.pruneInbox() }
                group.addTask { await self.watchAll() }
                group.addTask { await self.enforceStopTimeout() }
                for _ in 0..<settings.concurrency { group.addTask { await self.work() } }
                var workers = settings.concurrency
                for await ended in group {
                    if ended == .worker { workers -= 1 }
                    if workers == 0 || ended == .patience { group.cancelAll() }
                }
            }
        } onGracefulShutdown: {
            Task { await self.source.stopTaking() }
        }
    }

    // MARK: The tasks

    private enum Ended { case worker, patience, other }

    /// Handles deliveries until the queue ends. If a handler exceeds its time limit, its worker is abandoned, and the
    /// rest of its delivery is handled here.
    private func work() async -> Ended {
        var rest: InFlightDelivery?
        repeat {
            let begin = rest
            rest = await watch.run { await self.work(as: $0, from: begin) }
            if var late = rest {
                fail(&late, HandlerTimeout(limit: watch.limit))
                rest = late
            }
        } while rest != nil
        // Wakes the workers that wait for deliveries, also if `read()` has already ended.
        if Task.isCancelled { queue.cancel() }
        return .worker
    }

    private func work(as worker: WatchedWorker, from rest: InFlightDelivery?) async {
        var lane: SubjectScheduler.Lane?
        var inARow = 0
        if let rest {
            guard await finish(rest, worker) else { return }
            lane = rest.subject.lane
        }
        while let next = await queue.next(after: lane) {
            metrics.show { queue.depth }
            lane = next.lane
            // The connection was lost: the delivery is redelivered, perhaps to another worker, and must not be handled
            // here at the same time.
            guard source.isCurrent(next.delivery) else { continue }
            // The delivery may crash the process: send the earlier settlements first, so that only it is redelivered.
            if SubjectScheduler.mayBePoison(next.delivery) { await source.flush() }
            guard await handle(next, worker) else { return }
            inARow += 1
            // Handlers that never suspend must not starve other tasks.
            if inARow.isMultiple(of: 64) { await Task.yield() }
        }
    }

    private func read() async -> Ended {
        await withTaskCancellationHandler {
            while let deliveries = await source.nextDeliveries() {
                queue.add(deliveries)
                metrics.show { queue.depth }
            }
            queue.end()
        } onCancel: {
            queue.cancel()
        }
        return .other
    }

    private func watchAll() async -> Ended {
        await watch.watch()
        return .other
    }

    /// Abandons the deliveries in flight when a graceful stop takes too long.
    private func enforceStopTimeout() async -> Ended {
        try? await gracefulShutdown()
        try? await Task.sleep(for: settings.finishWithin)
        if Task.isCancelled { return .other }
        logger.warning("messages not handled before the stop timeout; they will be redelivered")
        queue.cancel()
        return .patience
    }

    private func pruneInbox() async -> Ended {
        var check = ClockJumpCheck()
        while let inbox, !Task.isCancelled {
            let retention = settings.inboxRetention / .seconds(1)
            do {
                let now = clock.now()
                if check.accepts(now) {
                    let count = try await inbox.prune(before: now.addingTimeInterval(-retention))
                    if count > 0 { logger.debug("inbox pruned", metadata: ["count": "\(count)"]) }
                } else {
                    logger.warning(
                        """
                        clock is more than a day ahead of the last inbox pruning; nothing is deleted until the next \
                        pruning confirms it
                        """,
                        metadata: ["clock": "\(now.wireText)"])
                }
            } catch {
                logger.warning("inbox pruning failed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: settings.pruneInterval)
        }
        return .other
    }
}

extension SignalHandler {
    var isTransactional: Bool { if case .transactional = work { true } else { false } }
}
