// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
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
/// A message is acknowledged after all its handlers have returned and the inbox has committed their marks; a mark that
/// cannot be committed is logged. For each handler that threw, a copy is published to the retry ladder and, after the
/// last attempt, to the dead letters; the other handlers are not called again. Signals of one subject are handled one
/// after the other; the next one may start before the mark of the last handler is committed.
///
/// A handler that fails for every message is not called for a while; see ``CircuitBreakerSettings`` and ``circuits``.
public final class SignalDispatcher: Service {
    let source: any SignalSource
    let handlers: HandlerTable
    let settings: DispatcherSettings
    let logger: Logger
    private let metrics: DispatchMetrics
    let runner: HandlerRunner
    let republisher: DeliveryRepublisher
    private let watch: HandlerWatch
    let queue: DeliveryQueue
    let submittedMarks: SubmittedMarks
    /// nil without an inbox.
    private let pruner: InboxPruner?

    /// - Parameters:
    ///   - source: Must be stopped after the dispatcher, which needs it to finish.
    ///   - handlers: The handlers.
    ///   - inbox: Records handled messages. Without one, a message that is delivered twice is handled twice, and no
    ///     handler may be transactional.
    ///   - settings: The concurrency, the retries and the limits.
    ///   - clock: The time; tests pass a clock that they set.
    ///   - logger: Receives the log lines.
    ///   - metrics: Receives the metrics.
    ///   - tracer: Creates the spans.
    public init(
        from source: any SignalSource, handlers: SignalHandlers, inbox: (any Inbox)?,
        settings: DispatcherSettings = DispatcherSettings(), clock: any WallClock = .system,
        logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        var settings = settings
        settings.concurrency = max(1, settings.concurrency)
        precondition(
            inbox != nil || !handlers.all.contains(where: \.isTransactional),
            "a transactional handler needs an inbox")
        self.source = source
        let table = HandlerTable(handlers, settings, clock: clock, logger: logger, metrics: metrics)
        self.handlers = table
        self.settings = settings
        self.logger = logger
        self.metrics = DispatchMetrics(factory: metrics)
        runner = HandlerRunner(inbox: inbox, settings: settings, clock: clock, logger: logger, tracer: tracer)
        republisher = DeliveryRepublisher(
            to: source, inbox: inbox, settings: settings, clock: clock, logger: logger, metrics: self.metrics)
        watch = HandlerWatch(shortest: table.shortestTimeout)
        queue = DeliveryQueue(
            concurrency: settings.concurrency, isStrict: source.isStrictlyOrdered, limits: table.limits,
            batches: table.batches)
        submittedMarks = SubmittedMarks(limit: settings.concurrency)
        pruner = inbox.map { InboxPruner(of: $0, settings: settings, clock: clock, logger: logger) }
    }

    /// The states of the handlers' circuits, by the handler's name, at this moment; empty if
    /// ``DispatcherSettings/circuitBreaker`` turns them off.
    public var circuits: [String: CircuitState] { handlers.circuits }

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
        var rest: UnfinishedWork?
        repeat {
            let begun = rest
            rest = await watch.run { await self.work(as: $0, from: begun) }.map(timedOut)
        } while rest != nil
        // Wakes the workers that wait for deliveries, also if `read()` has already ended.
        if Task.isCancelled { queue.cancel() }
        // The source may be stopped when this has returned; it can then no longer acknowledge deliveries.
        await submittedMarks.drain()
        return .worker
    }

    /// What a worker has done with a delivery or a batch.
    enum Progress {
        /// The delivery is settled, or will be redelivered.
        case ended
        /// The delivery waits without a worker, or the batch has ended: nothing has to be reported to the queue.
        case waits
        /// The worker was abandoned; another one continues.
        case abandoned
    }

    private func work(as worker: WatchedWorker, from rest: UnfinishedWork?) async {
        var finished: SubjectScheduler.QueueKey?
        var inARow = 0
        if let rest {
            let progress: Progress
            switch rest {
            case .delivery(let inFlight):
                finished = inFlight.subjectQueue
                progress = await finish(inFlight, worker)
            case .batch(let batch): progress = await handle(batch, worker)
            }
            switch progress {
            case .ended: break
            case .waits: finished = nil
            case .abandoned: return
            }
        }
        while let next = await queue.next(after: finished) {
            metrics.show { queue.depth }
            let progress: Progress
            switch next {
            case .new(let work):
                finished = work.subjectQueue
                // The connection was lost: the delivery is redelivered, perhaps to another worker, and must not be
                // handled here at the same time.
                guard source.isCurrent(work.delivery) else { continue }
                // The delivery may crash the process: send the earlier settlements first, so that only it is
                // redelivered.
                if SubjectScheduler.mayBePoison(work.delivery) { await settleEarlier() }
                progress = await handle(work, worker)
            case .resumed(let inFlight):
                finished = inFlight.subjectQueue
                guard source.isCurrent(inFlight.delivery) else {
                    returnPermit(of: inFlight)
                    continue
                }
                if SubjectScheduler.mayBePoison(inFlight.delivery) { await settleEarlier() }
                progress = await finish(inFlight, worker)
            case .batch(let batch):
                progress = await handle(batch, worker)
            }
            switch progress {
            case .ended: break
            case .waits: finished = nil
            case .abandoned: return
            }
            inARow += 1
            // Handlers that never suspend must not starve other tasks.
            if inARow.isMultiple(of: 64) { await Task.yield() }
        }
    }

    /// The current handler of some work has exceeded its time limit.
    private func timedOut(_ work: UnfinishedWork) -> UnfinishedWork {
        switch work {
        case .delivery(var inFlight):
            if let entry = inFlight.entry { fail(&inFlight, HandlerTimeout(limit: entry.policy.timeout)) }
            return .delivery(inFlight)
        case .batch(var batch):
            guard var member = batch.members.first, let entry = member.entry else { return work }
            let error = HandlerTimeout(limit: entry.policy.timeout)
            if batch.timedOutAsWhole {
                batch.timedOutAsWhole = false
                logSplit(batch, entry, after: error)
            } else {
                fail(&member, error)
                batch.members[0] = member
            }
            return .batch(batch)
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
        await pruner?.run()
        return .other
    }
}

extension SignalHandler {
    var isTransactional: Bool { if case .transactional = work { true } else { false } }
}
