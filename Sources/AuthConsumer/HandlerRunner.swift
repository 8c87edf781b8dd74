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
    /// The inbox, if it can write marks while its caller continues.
    private let submitting: (any MarkSubmitting)?
    private let middleware: [any SignalMiddleware]
    private let clock: any WallClock
    private let logger: Logger
    /// Nil if none is installed: then no spans are created.
    let tracer: (any Tracer)?

    init(
        inbox: (any Inbox)?, settings: DispatcherSettings, clock: any WallClock, logger: Logger,
        tracer: any Tracer
    ) {
        self.inbox = inbox
        submitting = inbox as? any MarkSubmitting
        middleware = settings.middleware
        self.clock = clock
        self.logger = logger
        self.tracer = tracer is NoOpTracer ? nil : tracer
    }

    /// How a run has ended, if the handler did not throw.
    enum Ending {
        case handled
        /// The handler has returned; ``submitMark(_:_:_:)`` must be called before the delivery is settled.
        case unmarked
        /// The handler has handled the message before, and was not called.
        case duplicate
        /// The worker was abandoned.
        case abandoned
    }

    /// Runs a handler, unless it has already handled this message.
    ///
    /// - Parameters:
    ///   - batch: The batch that the delivery belongs to, if it is handled one by one.
    ///   - submits: Whether the caller submits the mark, if the inbox allows it.
    func run(
        _ entry: HandlerTable.Entry, for inFlight: InFlightDelivery, of batch: InFlightBatch? = nil,
        in worker: WatchedWorker, submits: Bool = false
    ) async throws -> Ending {
        let (handler, event) = (entry.handler, inFlight.event)
        let message = inFlight.delivery.message
        let start = ContinuousClock.now
        if case .plain = handler.work, let inbox,
            try await inbox.isDone(handler: handler.name, messageID: event.id)
        {
            entry.metrics.duplicates.increment()
            return .duplicate
        }
        let context = SignalContext(
            event: event, attempt: message.attempts(of: handler) + 1, logger: logger,
            trace: inFlight.span?.context ?? .topLevel)
        if inFlight.delivery.deliveryCount > 0 { await noteBegun(handler, event) }
        try worker.begin(
            batch.map { .batch($0) } ?? .delivery(inFlight), until: start + entry.policy.timeout)
        let ran: Bool
        do {
            if let tracer {
                ran = try await traced(handler, event, context, tracer)
            } else {
                ran = try await runMiddleware(handler, event, context)
            }
        } catch {
            if worker.end() { return .abandoned }
            entry.metrics.duration.record(since: start)
            throw error
        }
        if worker.end() { return .abandoned }
        guard ran else {
            entry.metrics.duplicates.increment()
            return .duplicate
        }
        entry.metrics.handled.increment()
        entry.metrics.duration.record(since: start)
        if inbox != nil, case .plain = handler.work {
            if submits, submitting != nil { return .unmarked }
            await mark(handler, event)
        }
        return .handled
    }

    // MARK: Batches

    /// Calls a handler with all messages of a batch that it has not handled yet.
    ///
    /// - Parameter ifAbandoned: What remains to be done if the handler exceeds its time limit.
    func run(
        _ entry: HandlerTable.Entry, _ call: HandlerBatch, for batch: InFlightBatch,
        ifAbandoned unfinished: InFlightBatch, in worker: WatchedWorker
    ) async throws -> Ending {
        let handler = entry.handler
        var messages: [(event: SignalEvent, context: SignalContext)] = []
        var links: [ServiceContext] = []
        var known: Set<UUID> = []
        for member in batch.members {
            let event = member.event
            if let inbox {
                // The same message may be in the batch twice.
                guard known.insert(event.id).inserted,
                    try await !inbox.isDone(handler: handler.name, messageID: event.id)
                else { continue }
            }
            let trace = member.span?.context ?? .topLevel
            if member.span != nil { links.append(trace) }
            messages.append((event, SignalContext(event: event, logger: logger, trace: trace)))
            if member.delivery.deliveryCount > 0 { await noteBegun(handler, event) }
        }
        let duplicates = batch.members.count - messages.count
        guard !messages.isEmpty else {
            entry.metrics.duplicates.increment(by: duplicates)
            return .duplicate
        }
        let start = ContinuousClock.now
        try worker.begin(.batch(unfinished), until: start + entry.policy.timeout)
        do {
            if let tracer {
                try await traced(handler, call, messages, links, tracer)
            } else {
                try await runMiddleware(handler, call, messages)
            }
        } catch {
            if worker.end() { return .abandoned }
            entry.metrics.duration.record(since: start)
            throw error
        }
        if worker.end() { return .abandoned }
        entry.metrics.handled.increment(by: messages.count)
        entry.metrics.duplicates.increment(by: duplicates)
        entry.metrics.duration.record(since: start)
        if inbox != nil {
            for message in messages { await mark(handler, message.event) }
        }
        return .handled
    }

    /// Runs a batch within a span that is linked with the traces of its messages.
    private func traced(
        _ handler: SignalHandler, _ batch: HandlerBatch,
        _ messages: [(event: SignalEvent, context: SignalContext)], _ links: [ServiceContext],
        _ tracer: any Tracer
    ) async throws {
        guard let first = messages.first else { return }
        try await tracer.withAnySpan(
            "handle \(first.event.name)", context: .topLevel, ofKind: .consumer
        ) { span in
            span.attributes["auth.handler"] = handler.name
            span.attributes["messaging.batch.message_count"] = messages.count
            for link in links { span.addLink(SpanLink(context: link, attributes: [:])) }
            try await runMiddleware(handler, batch, messages)
        }
    }

    /// Runs a batch inside the middleware, which is called with the first message.
    private func runMiddleware(
        _ handler: SignalHandler, _ batch: HandlerBatch,
        _ messages: [(event: SignalEvent, context: SignalContext)]
    ) async throws {
        guard let first = messages.first, !middleware.isEmpty else { return try await batch.run(messages) }
        let others = Array(messages.dropFirst())
        let body: @Sendable (SignalEvent, SignalContext) async throws -> Void = { event, context in
            try await batch.run([(event, context)] + others)
        }
        try await wrapped(body, handler)(first.event, first.context)
    }

    /// The middleware around a call.
    private func wrapped(
        _ body: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void,
        _ handler: SignalHandler
    ) -> @Sendable (SignalEvent, SignalContext) async throws -> Void {
        middleware.reversed().reduce(body) { next, around in
            { event, context in try await around.handle(event, context, by: handler.name, next: next) }
        }
    }

    // MARK: One message

    /// Runs one handler within a span, a child of the delivery's.
    private func traced(
        _ handler: SignalHandler, _ event: SignalEvent, _ context: SignalContext, _ tracer: any Tracer
    ) async throws -> Bool {
        try await tracer.withAnySpan("handle \(event.name)", context: context.trace, ofKind: .internal) {
            span in
            span.attributes["auth.handler"] = handler.name
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
        try await wrapped(body, handler)(event, context)
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

    private func noteBegun(_ handler: SignalHandler, _ event: SignalEvent) async {
        do {
            try await inbox?.noteBegun(handler: handler.name, messageID: event.id, at: clock.now())
        } catch {
            // Not fatal: the note only helps to find the handler that ran when a worker crashed.
            logger.debug("inbox note for redelivered message failed", metadata: ["error": "\(error)"])
        }
    }

    func mark(_ handler: SignalHandler, _ event: SignalEvent) async {
        do {
            try await inbox?.markDone(handler: handler.name, messageID: event.id, at: clock.now())
        } catch {
            logUnmarked(handler, event, error)
        }
    }

    /// Submits the mark of a message whose handler has ended with ``Ending/unmarked``.
    ///
    /// - Parameter completion: Called when it is committed, or cannot be.
    func submitMark(
        _ handler: SignalHandler, _ event: SignalEvent, _ completion: @escaping @Sendable () -> Void
    ) {
        guard let submitting else { return completion() }
        submitting.submitMark(handler: handler.name, messageID: event.id, at: clock.now()) { [self] error in
            if let error { logUnmarked(handler, event, error) }
            completion()
        }
    }

    /// The handler has succeeded: a retry because of the missing mark would be worse.
    private func logUnmarked(_ handler: SignalHandler, _ event: SignalEvent, _ error: any Error) {
        logger.error(
            "inbox mark for handled message failed; handled again if redelivered",
            metadata: [
                "handler": "\(handler.name)", "id": "\(event.id.wireText)", "error": "\(error)",
            ])
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

/// A thread-safe flag that can be set once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
