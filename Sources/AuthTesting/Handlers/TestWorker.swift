// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
public import AuthSignals
public import Foundation
import Logging

/// The worker of a ``HandlerTest``: sends messages to the handlers, moves the clock, and shows what became of them.
public final class TestWorker: Sendable {
    /// The broker, to simulate failures; the worker's queue is `worker`.
    public let broker: MemoryBroker
    /// The inbox that was passed to ``HandlerTest``, or a ``MemoryInbox``.
    public let inbox: any Inbox

    private let source: MemorySource
    private let dispatcher: SignalDispatcher
    private let codec: SignalCodec
    private let clock: FixedClock
    private let bound: Duration
    private let counts: HandledCounts
    private let lastSequence = Locked<Int64>(0)

    init(
        _ handlers: SignalHandlers, inbox: any Inbox, settings: DispatcherSettings, codec: SignalCodec,
        clock: FixedClock, within bound: Duration, logger: Logger
    ) {
        let broker = MemoryBroker(clock: clock)
        // Large, so that a batch can contain all messages that are sent at once.
        let source = MemorySource("worker", of: broker, bind: ["#"], prefetch: 1000)
        let counts = HandledCounts()
        self.broker = broker
        self.inbox = inbox
        self.source = source
        self.codec = codec
        self.clock = clock
        self.bound = bound
        self.counts = counts
        dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: inbox, settings: settings, clock: clock, logger: logger,
            metrics: counts)
    }

    // MARK: Sending

    /// Sends a signal as a relay publishes it, and waits until its message is settled: handled, waiting for a retry, or
    /// dead-lettered.
    ///
    /// - Returns: The message, to send it a second time, as a broker may do.
    /// - Throws: `SignalError` if the signal cannot be encoded; ``NotInTime``.
    @discardableResult
    public func send(_ signal: some Signal) async throws -> SignalMessage {
        let message = try message(of: signal)
        try await send(message)
        return message
    }

    /// Sends several signals at once, and waits until all their messages are settled.
    ///
    /// - Returns: Their messages, in order.
    /// - Throws: `SignalError` if a signal cannot be encoded, before any is sent; ``NotInTime``.
    @discardableResult
    public func send(_ signals: [any Signal]) async throws -> [SignalMessage] {
        let messages = try signals.map { try message(of: $0) }
        for message in messages { broker.put(message, into: source.queue) }
        try await settle()
        return messages
    }

    /// Sends a message as it is, for example one that was sent before or that is malformed, and waits until it is
    /// settled.
    ///
    /// - Throws: ``NotInTime``
    public func send(_ message: SignalMessage) async throws {
        broker.put(message, into: source.queue)
        try await settle()
    }

    private func message(of signal: any Signal) throws -> SignalMessage {
        let draft = try codec.draft(signal, at: clock.now())
        let sequence = lastSequence.change { last in
            last += 1
            return last
        }
        return codec.message(for: OutboxRow(sequence: sequence, draft: draft))
    }

    // MARK: Time

    /// The worker's time.
    public var now: Date { clock.now() }

    /// Moves the clock: the retries that become due meanwhile are handled, each at its time, and so are the retries
    /// that follow from them.
    ///
    /// - Parameter duration: from 0; `.seconds(90_000)` is enough for every attempt of the standard schedule.
    /// - Throws: ``NotInTime``
    public func advance(by duration: Duration) async throws {
        try await settle()
        let end = clock.now() + max(0, duration / .seconds(1))
        // Half a millisecond, since a `Date` is not exact: ten times 100 ms are a second.
        while let due = broker.nextRelease, due <= end + 0.000_5 {
            broker.advance(to: due)
            try await settle()
        }
        broker.advance(to: end)
        try await settle()
    }

    /// Waits until no message is in the queue or in flight; only needed after a change of ``broker``.
    ///
    /// - Throws: ``NotInTime``, which names the signals that are not settled.
    public func settle() async throws {
        let (broker, queue) = (broker, source.queue)
        try await eventually(
            within: bound,
            "every message is settled; not yet: "
                + broker.unsettled(in: queue).map { $0.type ?? $0.routingKey }.joined(separator: ", ")
        ) {
            broker.unsettled(in: queue).isEmpty
        }
    }

    // MARK: Results

    /// The messages that were dead-lettered, oldest first.
    public var deadLetters: [FailedMessage] {
        source.messages(in: .dead).map { FailedMessage($0, rung: nil) }
    }

    /// The messages that wait for a retry, the shortest rung first.
    public var retries: [FailedMessage] {
        RetryRung.allCases.flatMap { rung in
            source.messages(in: .retry(rung)).map { FailedMessage($0, rung: rung) }
        }
    }

    /// How often a handler has returned; a message that two handlers have handled counts twice, a duplicate that the
    /// inbox has dropped not at all.
    public var handled: Int { counts.total }

    /// How often the handler with that name has returned.
    public func handled(by handler: String) -> Int { counts.count(of: handler) }

    // MARK: Running

    func start() -> Task<Void, any Error> {
        let dispatcher = dispatcher
        return Task { try await dispatcher.run() }
    }

    /// Ends the worker, also if a handler hangs.
    func stop(_ running: Task<Void, any Error>) async {
        await source.stopTaking()
        running.cancel()
        _ = await running.result
    }
}
