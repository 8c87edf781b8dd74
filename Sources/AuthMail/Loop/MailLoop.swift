// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
import Synchronization

/// Delivers the mails of a queue. It is the only part that waits for a mail server: an unreachable server delays mails
/// and nothing else.
///
/// Delivery is at least once: a mail is removed from the queue after the transport has accepted it. If the process dies
/// in between, the mail is sent again with the same `Message-ID`.
///
/// If the mail lease is lost, it starts no further mail, finishes those in flight and waits for the lease again. The
/// next holder may send a mail that was in flight once more.
///
/// At shutdown it starts no further mail, finishes those in flight and closes the transport. ``run()`` returns only
/// then; a queue or a transport that fails is retried.
public final class MailLoop: Service {
    private let delivery: MailDelivery
    private let queue: any MailQueue
    private let transport: any MailTransport
    private let settings: MailLoopSettings
    private let logger: Logger
    private let isStopping = Atomic(false)
    private let isLeaseLost = Atomic(false)
    private let wakeUpContinuation: AsyncStream<Void>.Continuation
    private let wakeUps: AsyncStream<Void>

    /// - Parameters:
    ///   - queue: holds the pending mails.
    ///   - transport: sends them.
    ///   - renderer: renders them from their templates.
    ///   - settings: how many mails are sent at a time, and when they are sent again.
    ///   - clock: decides which mails are due.
    ///   - logger: receives the log lines.
    ///   - metricsFactory: receives the metrics.
    public init(
        queue: any MailQueue, transport: any MailTransport, renderer: MailRenderer,
        settings: MailLoopSettings = MailLoopSettings(), clock: any WallClock = .system,
        logger: Logger, metricsFactory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.queue = queue
        self.transport = transport
        self.settings = settings
        self.logger = logger
        delivery = MailDelivery(
            queue: queue, transport: transport, renderer: renderer, settings: settings,
            clock: clock,
            logger: logger, metrics: MailMetrics(factory: metricsFactory))
        (wakeUps, wakeUpContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The current state.
    public var status: MailLoopStatus { delivery.status }

    /// Delivers until shutdown or cancellation. Call it once.
    public func run() async {
        // Subscribed before the queue is read, so that no mail is missed in between.
        let mailWakeUps = queue.mailWakeUps()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.deliver()
                return true
            }
            group.addTask {
                for await _ in mailWakeUps { self.wakeUpContinuation.yield() }
                return false
            }
            group.addTask { await self.waitForGracePeriod() }
            for await isEnd in group where isEnd { break }
            group.cancelAll()
        }
        delivery.enter(.stopped)
        await transport.close()
    }

    /// Waits for a shutdown and then for the grace period of the mails in flight. Returns true.
    private func waitForGracePeriod() async -> Bool {
        do {
            try await gracefulShutdown()
            isStopping.store(true, ordering: .sequentiallyConsistent)
            delivery.enter(.stopping)
            wakeUpContinuation.yield()
            try await Task.sleep(for: settings.grace)
            logger.notice("shutdown grace period is over; mails in flight are interrupted")
        } catch {}
        return true
    }

    private var isEnding: Bool { isStopping.load(ordering: .sequentiallyConsistent) || Task.isCancelled }

    /// Whether to start no further mail.
    private var isDone: Bool { isEnding || isLeaseLost.load(ordering: .sequentiallyConsistent) }

    private func deliver() async {
        var iterator = wakeUps.makeAsyncIterator()
        while let lease = await acquireLease(&iterator) {
            await deliver(holding: lease, &iterator)
            lease.release()
        }
    }

    /// Delivers until the end or until the lease is lost.
    private func deliver(holding lease: any Lease, _ iterator: inout AsyncStream<Void>.AsyncIterator) async {
        if isLeaseLost.exchange(false, ordering: .sequentiallyConsistent) {
            logger.notice("mail lease acquired again; delivering mails")
        }
        async let _ = noteLoss(of: lease)
        delivery.enter(.delivering)
        while !isDone {
            switch await delivery.round(isEnding: { self.isDone }) {
            case .pause(let pause): if !isDone { await wait(pause, &iterator) }
            case .rest(let rest):
                // A new mail must not shorten the pause of a server that has just failed.
                let end = ContinuousClock.now + rest
                while !isDone, ContinuousClock.now < end { await wait(end - .now, &iterator) }
            }
        }
        // Leaving the scope cancels the task that waits for the loss of the lease.
    }

    private func noteLoss(of lease: any Lease) async {
        await lease.lost()
        guard !Task.isCancelled else { return }
        isLeaseLost.store(true, ordering: .sequentiallyConsistent)
        logger.warning("mail lease lost; waiting to acquire it again")
        wakeUpContinuation.yield()
    }

    private func acquireLease(_ iterator: inout AsyncStream<Void>.AsyncIterator) async -> (any Lease)? {
        if isEnding { return nil }
        delivery.enter(.standby)
        while !isEnding {
            do {
                return try await cancelWhenGracefulShutdown { try await self.queue.acquireMailLease() }
            } catch {
                if isEnding || error is CancellationError { return nil }
                logger.warning("mail lease acquisition failed; retrying", metadata: ["error": "\(error)"])
                await wait(settings.sweep, &iterator)
            }
        }
        return nil
    }

    /// Waits for a wake-up, at most that long.
    private func wait(_ pause: Duration, _ iterator: inout AsyncStream<Void>.AsyncIterator) async {
        async let _ = wakeUp(after: pause)
        _ = await iterator.next()
        // Leaving the scope cancels the timer; a cancelled timer sends no wake-up.
    }

    private func wakeUp(after pause: Duration) async {
        do {
            try await Task.sleep(for: pause)
            wakeUpContinuation.yield()
        } catch {}
    }
}
