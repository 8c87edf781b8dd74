// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics
import Synchronization
import Tracing

/// Runs one handler for one message: inside the middleware, within a span, and with the inbox's mark.
final class HandlerRunner: Sendable {
    private let inbox: (any Inbox)?
    private let limit: Duration
    private let middleware: [any SignalMiddleware]
    private let clock: any WallClock
    private let logger: Logger
    private let tracer: any Tracer
    /// Whether a tracer is installed: otherwise no spans are created.
    private let isTraced: Bool

    init(
        inbox: (any Inbox)?, settings: DispatcherSettings, clock: any WallClock, logger: Logger,
        tracer: any Tracer
    ) {
        self.inbox = inbox
        limit = settings.handlerTimeout
        middleware = settings.middleware
        self.clock = clock
        self.logger = logger
        self.tracer = tracer
        isTraced = !(tracer is NoOpTracer)
    }

    /// Runs a handler, unless it has already handled this message.
    ///
    /// - Returns: false if the worker was abandoned.
    func run(
        _ entry: HandlerTable.Entry, for inFlight: InFlightDelivery, in worker: WatchedWorker
    ) async throws -> Bool {
        let (handler, event) = (entry.handler, inFlight.event)
        let message = inFlight.delivery.message
        let start = ContinuousClock.now
        if case .plain = handler.work, let inbox,
            try await inbox.isDone(handler: handler.name, messageID: event.id)
        {
            entry.metrics.duplicates.increment()
            return true
        }
        let context = SignalContext(
            event: event, attempt: message.attempts(of: handler) + 1, logger: logger,
            trace: isTraced ? trace(of: message) : .topLevel)
        if inFlight.delivery.deliveryCount > 0 { await noteBegun(handler, event) }
        try worker.begin(inFlight, until: start + limit)
        let ran: Bool
        do {
            ran =
                try await isTraced ? traced(handler, event, context) : runMiddleware(handler, event, context)
        } catch {
            if worker.end() { return false }
            entry.metrics.duration.record(since: start)
            throw error
        }
        if worker.end() { return false }
        guard ran else {
            entry.metrics.duplicates.increment()
            return true
        }
        entry.metrics.handled.increment()
        entry.metrics.duration.record(since: start)
        if case .plain = handler.work { await mark(handler, event) }
        return true
    }

    private func traced(
        _ handler: SignalHandler, _ event: SignalEvent, _ context: SignalContext
    ) async throws -> Bool {
        try await tracer.withAnySpan("process \(event.name)", context: context.trace, ofKind: .consumer) {
            span in
            span.attributes["messaging.message.id"] = event.id.wireText
            var context = context
            context.trace = span.context
            return try await runMiddleware(handler, event, context)
        }
    }

    /// Runs the handler inside the middleware.
    ///
    /// - Returns: Whether the handler ran; false if it has already handled this message.
    private func runMiddleware(
        _ handler: SignalHandler, _ event: SignalEvent, _ context: SignalContext
    ) async throws -> Bool {
        if middleware.isEmpty { return try await call(handler, event, context) }
        let ran = Flag()
        let body: @Sendable (SignalEvent, SignalContext) async throws -> Void = { event, context in
            if try await self.call(handler, event, context) { ran.set() }
        }
        let whole = middleware.reversed().reduce(body) { next, around in
            { event, context in try await around.handle(event, context, by: handler.name, next: next) }
        }
        try await whole(event, context)
        return ran.isSet
    }

    /// Runs the handler; a transactional one inside the inbox's transaction.
    private func call(
        _ handler: SignalHandler, _ event: SignalEvent, _ context: SignalContext
    ) async throws -> Bool {
        switch handler.work {
        case .plain(let run):
            try await run(event, context)
            return true
        case .transactional(let run):
            // The dispatcher's initializer has checked that an inbox exists.
            return try await inbox?.once(handler: handler.name, messageID: event.id, at: clock.now()) {
                try run(event, context, $0)
            } ?? false
        }
    }

    /// The trace in which the signal was emitted.
    private func trace(of message: SignalMessage) -> ServiceContext {
        var context = ServiceContext.topLevel
        tracer.extract(message.headers, into: &context, using: HeaderExtractor())
        return context
    }

    private func noteBegun(_ handler: SignalHandler, _ event: SignalEvent) async {
        do {
            try await inbox?.noteBegun(handler: handler.name, messageID: event.id, at: clock.now())
        } catch {
            // Not fatal: the note only helps to find the handler that ran when a worker crashed.
            logger.debug("inbox note for redelivered message failed", metadata: ["error": "\(error)"])
        }
    }

    private func mark(_ handler: SignalHandler, _ event: SignalEvent) async {
        do {
            try await inbox?.markDone(handler: handler.name, messageID: event.id, at: clock.now())
        } catch {
            // The handler has succeeded: a retry because of the missing mark would be worse.
            logger.error(
                "inbox mark for handled message failed; handled again if redelivered",
                metadata: [
                    "handler": "\(handler.name)", "id": "\(event.id.wireText)", "error": "\(error)",
                ])
        }
    }
}

extension SignalMessage {
    /// The number of the handler's attempts at this message: the count in a copy is that of its handler only.
    func attempts(of handler: SignalHandler) -> Int {
        guard headers[HeaderName.handler]?.string == handler.name else { return 0 }
        // Not trusted: every client with write permission can set any number.
        return Int(min(max(0, headers[HeaderName.attempt]?.integer ?? 0), 1_000_000))
    }
}

/// Reads a trace from a message's headers.
private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: [String: SignalMessage.HeaderValue]) -> String? {
        headers[key]?.string
    }
}

/// A thread-safe flag that can be set once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
