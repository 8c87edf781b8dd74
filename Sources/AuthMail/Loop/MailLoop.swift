// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Foundation
public import Logging
public import Metrics
public import ServiceLifecycle
import Synchronization

/// Delivers the mails of a queue: the only part that waits for a mail server. A server that is dead delays
/// mails and nothing else.
///
/// At least once: a mail leaves the queue when the transport has accepted it. Where the process dies between
/// the two the mail goes out again, with the same `Message-ID`.
///
/// At shutdown it takes no further mail, lets what is being handed over come to its end, and closes the
/// transport. ``run()`` returns then, and only then; a queue or a transport that fails is tried again.
public final class MailLoop: Service {
    private let courier: MailCourier
    private let queue: any MailQueue
    private let transport: any MailTransport
    private let configuration: MailLoopConfiguration
    private let logger: Logger
    private let isStopping = Atomic(false)
    private let bell: AsyncStream<Void>.Continuation
    private let rings: AsyncStream<Void>

    /// - Parameters:
    ///   - queue: where mails wait.
    ///   - transport: who delivers them.
    ///   - renderer: makes them ready.
    ///   - clock: decides what is due.
    ///   - metricsFactory: receives the figures.
    public init(
        queue: any MailQueue, transport: any MailTransport, renderer: MailRenderer,
        configuration: MailLoopConfiguration = MailLoopConfiguration(), clock: any WallClock = .system,
        logger: Logger, metricsFactory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.queue = queue
        self.transport = transport
        self.configuration = configuration
        self.logger = logger
        courier = MailCourier(
            queue: queue, transport: transport, renderer: renderer, configuration: configuration,
            clock: clock,
            logger: logger, metrics: MailMetrics(factory: metricsFactory))
        (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What it is doing now.
    public var status: MailLoopStatus { courier.status }

    /// Delivers until shutdown or cancellation. Call it once.
    public func run() async {
        // Asked for before the queue is looked at, so that no mail falls between the two.
        let wakeUps = queue.mailWakeUps()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.deliver()
                return true
            }
            group.addTask {
                for await _ in wakeUps { self.bell.yield() }
                return false
            }
            group.addTask { await self.graceIsOver() }
            for await isEnd in group where isEnd { break }
            group.cancelAll()
        }
        courier.isNow(.stopped)
        await transport.close()
    }

    /// Returns true when, after a shutdown has begun, what is in hand has had its time.
    private func graceIsOver() async -> Bool {
        do {
            try await gracefulShutdown()
            isStopping.store(true, ordering: .sequentiallyConsistent)
            courier.isNow(.stopping)
            bell.yield()
            try await Task.sleep(for: configuration.grace)
            logger.notice("a mail is interrupted: it took longer than shutdown allows")
        } catch {}
        return true
    }

    private var isEnding: Bool { isStopping.load(ordering: .sequentiallyConsistent) || Task.isCancelled }

    private func deliver() async {
        var iterator = rings.makeAsyncIterator()
        guard let role = await acquireRole(&iterator) else { return }
        defer { role.release() }
        courier.isNow(.delivering)
        while !isEnding {
            switch await courier.round(isEnding: { self.isEnding }) {
            case .pause(let pause): await wait(pause, &iterator)
            case .rest(let rest):
                // A new mail is no reason to ask a server again that was dead a moment ago.
                let end = ContinuousClock.now + rest
                while !isEnding, ContinuousClock.now < end { await wait(end - .now, &iterator) }
            }
        }
    }

    private func acquireRole(_ iterator: inout AsyncStream<Void>.AsyncIterator) async -> (any RelayRole)? {
        courier.isNow(.standby)
        while !isEnding {
            do {
                return try await cancelWhenGracefulShutdown { try await self.queue.acquireMailRole() }
            } catch {
                if isEnding || error is CancellationError { return nil }
                logger.warning("cannot take the mail role; trying again", metadata: ["error": "\(error)"])
                await wait(configuration.sweep, &iterator)
            }
        }
        return nil
    }

    /// Waits until the bell rings, or for a while.
    private func wait(_ pause: Duration, _ iterator: inout AsyncStream<Void>.AsyncIterator) async {
        async let _ = ring(after: pause)
        _ = await iterator.next()
        // Leaving the scope cancels the alarm; one that was cancelled does not ring.
    }

    private func ring(after pause: Duration) async {
        do {
            try await Task.sleep(for: pause)
            bell.yield()
        } catch {}
    }
}
