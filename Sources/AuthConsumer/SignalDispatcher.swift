// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
public import Tracing

/// Gives the messages of a queue to the handlers that take them.
///
/// ```swift
/// let dispatcher = SignalDispatcher(from: source, handlers: handlers, inbox: inbox, logger: logger)
/// let group = ServiceGroup(services: [source, dispatcher], logger: logger)
/// ```
///
/// A message is acknowledged after all its handlers have returned. For each handler that threw, a copy goes to
/// the retry ladder and in the end to the dead letters; the others are not asked again. Signals of one subject
/// are handled one after the other.
public final class SignalDispatcher: Service {
    let source: any SignalSource
    let handlers: SignalHandlers
    let inbox: (any Inbox)?
    let configuration: DispatcherConfiguration
    let clock: any WallClock
    let logger: Logger
    let metrics: DispatchMetrics
    let tracer: any Tracer
    let watch: HandlerWatch
    private let lanes: LaneQueue

    /// - Parameters:
    ///   - source: is to be stopped after the dispatcher, which needs it to finish.
    ///   - inbox: remembers what was done. Without one a message that is delivered twice is handled twice, and
    ///     no handler may work in the inbox's transaction.
    public init(
        from source: any SignalSource, handlers: SignalHandlers, inbox: (any Inbox)?,
        configuration: DispatcherConfiguration = DispatcherConfiguration(), clock: any WallClock = .system,
        logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        precondition(configuration.concurrency >= 1, "the concurrency is at least 1")
        precondition(
            inbox != nil || !handlers.all.contains(where: \.isTransactional),
            "a handler works in the inbox's transaction: give an inbox")
        self.source = source
        self.handlers = handlers
        self.inbox = inbox
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.tracer = tracer
        self.metrics = DispatchMetrics(handlers, factory: metrics)
        watch = HandlerWatch(limit: configuration.handlerTimeout)
        lanes = LaneQueue(concurrency: configuration.concurrency)
    }

    /// Dispatches until the source ends, or until a graceful shutdown, which takes nothing more from the queue
    /// and finishes what is in hand; or until it is cancelled, which leaves what is in hand to be delivered
    /// again.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Ended.self) { group in
                group.addTask { await self.read() }
                group.addTask { await self.forget() }
                group.addTask { await self.watchAll() }
                group.addTask { await self.giveUp() }
                for _ in 0..<configuration.concurrency { group.addTask { await self.work() } }
                var workers = configuration.concurrency
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

    private func work() async -> Ended {
        var lane: LaneTable.Lane?
        while let next = await lanes.next(after: lane) {
            lane = next.lane
            await handle(next.delivery)
        }
        return .worker
    }

    private func read() async -> Ended {
        await withTaskCancellationHandler {
            for await delivery in source.deliveries {
                lanes.add(delivery)
                metrics.show(depth: lanes.depth)
            }
            lanes.end()
        } onCancel: {
            lanes.cancel()
        }
        return .other
    }

    private func watchAll() async -> Ended {
        await watch.watch()
        return .other
    }

    /// Leaves what is in hand when a graceful stop takes too long.
    private func giveUp() async -> Ended {
        try? await gracefulShutdown()
        try? await Task.sleep(for: configuration.finishWithin)
        if Task.isCancelled { return .other }
        logger.warning("some messages were not handled in time; they will be delivered again")
        lanes.cancel()
        return .patience
    }

    private func forget() async -> Ended {
        while let inbox, !Task.isCancelled {
            let retention = configuration.inboxRetention / .seconds(1)
            do {
                let count = try await inbox.prune(before: clock.now().addingTimeInterval(-retention))
                if count > 0 { logger.debug("the inbox was pruned", metadata: ["count": "\(count)"]) }
            } catch {
                logger.warning("the inbox cannot be pruned", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: configuration.pruneInterval)
        }
        return .other
    }
}

extension SignalHandler {
    var isTransactional: Bool { if case .transactional = work { true } else { false } }
}
