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
    private let source: any SignalSource
    private let handlers: HandlerTable
    private let inbox: (any Inbox)?
    private let settings: DispatcherSettings
    private let clock: any WallClock
    private let logger: Logger
    private let metrics: DispatchMetrics
    private let runner: HandlerRunner
    private let republisher: DeliveryRepublisher
    private let watch: HandlerWatch
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
        self.metrics = DispatchMetrics(factory: metrics)
        runner = HandlerRunner(inbox: inbox, settings: settings, clock: clock, logger: logger, tracer: tracer)
        republisher = DeliveryRepublisher(
            to: source, inbox: inbox, settings: settings, clock: clock, logger: logger, metrics: self.metrics)
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
                    if workers == 0 || ended == .stopTimeout { group.cancelAll() }
                }
            }
        } onGracefulShutdown: {
            Task { await self.source.stopTaking() }
        }
    }

    // MARK: The tasks

    private enum Ended { case worker, stopTimeout, other }

    /// Handles deliveries until the queue ends. If a handler exceeds its time limit, its worker is abandoned, and the
    /// rest of its delivery is handled here.
    private func work() async -> Ended {
        var rest: InFlightDelivery?
        repeat {
            let begun = rest
            rest = await watch.run { await self.work(as: $0, from: begun) }
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
        var finished: SubjectScheduler.QueueKey?
        var inARow = 0
        if let rest {
            guard await finish(rest, worker) else { return }
            finished = rest.subjectQueue
        }
        while let next = await queue.next(after: finished) {
            metrics.show { queue.depth }
            finished = next.subjectQueue
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
        return .stopTimeout
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

    // MARK: One delivery

    /// Handles a delivery until it is acknowledged or republished. If the task is cancelled, it stays unsettled.
    ///
    /// - Returns: false if the worker was abandoned; another worker then continues with the delivery.
    private func handle(_ work: DeliveryQueue.Work, _ worker: WatchedWorker) async -> Bool {
        let delivery = work.delivery
        guard delivery.message.body.count <= Delivery.largestBody else {
            await republisher.deadLetter(
                delivery, error: "\(delivery.message.body.count) bytes",
                reason: FailedDelivery.Reason.tooLarge)
            return true
        }
        let event: SignalEvent
        do {
            event = try SignalCodec.event(from: delivery.message.body)
        } catch {
            await republisher.deadLetter(
                delivery, error: error.message, reason: FailedDelivery.Reason.malformed)
            return true
        }
        let chosen: [HandlerTable.Entry]
        if let name = delivery.message.headers[SignalMessage.HeaderName.handler]?.string {
            guard let entry = handlers.entry(named: name) else {
                await republisher.deadLetter(
                    delivery, error: nil, reason: FailedDelivery.Reason.unknownHandler)
                return true
            }
            chosen = [entry]
        } else {
            chosen = handlers.entries(for: event.name)
        }
        if delivery.deliveryCount >= Delivery.mostReturns,
            await republisher.settleAtDeliveryLimit(delivery, event, chosen)
        {
            return true
        }
        return await finish(InFlightDelivery(work, event, handlers: chosen), worker)
    }

    /// Calls the remaining handlers, then settles the delivery.
    private func finish(_ begun: InFlightDelivery, _ worker: WatchedWorker) async -> Bool {
        var inFlight = begun
        while let entry = inFlight.entry {
            do {
                guard try await runner.run(entry, for: inFlight, in: worker) else { return false }
                inFlight.advance()
            } catch {
                if Task.isCancelled { return true }
                fail(&inFlight, error)
            }
        }
        if inFlight.copies.isEmpty {
            source.acknowledge(inFlight.delivery)
        } else {
            await republisher.republish(inFlight.delivery, as: inFlight.copies)
        }
        return true
    }

    /// The current handler has failed: adds a copy for it, and continues with the next one.
    private func fail(_ inFlight: inout InFlightDelivery, _ error: any Error) {
        guard let entry = inFlight.entry else { return }
        entry.metrics.failed.increment()
        inFlight.advance(
            adding: republisher.copy(of: inFlight.delivery, inFlight.event, for: entry, after: error))
    }
}

extension SignalHandler {
    var isTransactional: Bool { if case .transactional = work { true } else { false } }
}
