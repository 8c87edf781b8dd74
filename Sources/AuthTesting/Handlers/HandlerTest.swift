// SPDX-License-Identifier: Apache-2.0
public import AuthConsumer
public import AuthSignals
import Foundation
public import Logging

/// Runs handlers in a worker without a broker, a database or a wait: the test of a team that consumes signals.
///
/// ```swift
/// @Test func `a mail that fails is sent again after a second`() async throws {
///     try await HandlerTest(handlers) { worker in
///         try await worker.send(UserSignedUp.sample(user: .sample(email: "ada@example.org")))
///         #expect(worker.retries.count == 1)
///         try await worker.advance(by: .seconds(1))
///         #expect(worker.handled == 1)
///         #expect(worker.deadLetters.isEmpty)
///     }
/// }
/// ```
///
/// The dispatcher is the real one; the queue, the retry ladder, the dead letters and, unless another one is given, the
/// inbox are in memory (``MemoryBroker``, ``MemoryInbox``). Every call of ``TestWorker`` returns after the messages are
/// settled, so that a test neither sleeps nor polls. Only the retry ladder follows the test's clock: time limits of
/// handlers and the time in which a batch is collected are real.
public struct HandlerTest: Sendable {
    /// The default settings of a worker, but without circuit breakers: a test in which one message fails for all of its
    /// attempts would open a handler's circuit.
    public static var settings: DispatcherSettings {
        var settings = DispatcherSettings()
        settings.circuitBreaker = nil
        return settings
    }

    /// Starts a worker, runs the test's body, and stops the worker.
    ///
    /// - Parameters:
    ///   - handlers: the handlers under test.
    ///   - inbox: the worker's inbox. Pass your own to read its marks, or the one that `once` handlers write with.
    ///   - settings: the dispatcher's settings, by default ``settings``.
    ///   - codec: encodes the sent signals: source, payload profile, and how tokens are sealed.
    ///   - clock: the time of the worker and of the sent signals, from 2026-11-23T08:00:00Z.
    ///   - bound: how long a call waits at most for handlers, in real time.
    ///   - logger: the worker's logger.
    ///   - isolation: the caller's isolation.
    ///   - body: the test; it receives the running worker.
    /// - Throws: the error of the body; ``NotInTime`` if messages that were sent are not settled within `bound`.
    @discardableResult
    public init(
        _ handlers: SignalHandlers, inbox: any Inbox = MemoryInbox(),
        settings: DispatcherSettings = HandlerTest.settings,
        codec: SignalCodec = SignalCodec(source: "https://accounts.example.org"),
        clock: FixedClock = FixedClock(), within bound: Duration = .seconds(30),
        logger: Logger = Logger(label: "handler-test"), isolation: isolated (any Actor)? = #isolation,
        _ body: (TestWorker) async throws -> Void
    ) async throws {
        let worker = TestWorker(
            handlers, inbox: inbox, settings: settings, codec: codec, clock: clock, within: bound,
            logger: logger)
        let running = worker.start()
        do {
            try await body(worker)
            try await worker.settle()
        } catch {
            await worker.stop(running)
            throw error
        }
        await worker.stop(running)
    }
}
