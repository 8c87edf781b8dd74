// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics
import Tracing

extension SignalDispatcher {
    /// Handles a delivery until it is acknowledged or republished. If the task is cancelled, it stays unsettled.
    ///
    /// - Returns: false if the worker was abandoned; another worker then continues with the delivery.
    func handle(_ work: DeliveryQueue.Work, _ worker: WatchedWorker) async -> Bool {
        let delivery = work.delivery
        guard delivery.message.body.count <= FailedDelivery.largestBody else {
            await deadLetter(
                delivery, error: "\(delivery.message.body.count) bytes",
                reason: FailedDelivery.Reason.tooLarge)
            return true
        }
        let event: SignalEvent
        do {
            event = try SignalCodec.event(from: delivery.message.body)
        } catch {
            await deadLetter(delivery, error: error.message, reason: FailedDelivery.Reason.malformed)
            return true
        }
        let chosen: [HandlerTable.Entry]
        if let name = delivery.message.headers[SignalMessage.HeaderName.handler]?.string {
            guard let entry = handlers.entry(named: name) else {
                await deadLetter(delivery, error: nil, reason: FailedDelivery.Reason.unknownHandler)
                return true
            }
            chosen = [entry]
        } else {
            chosen = handlers.entries(for: event.name)
        }
        if delivery.deliveryCount >= Delivery.mostReturns, await settleLast(delivery, event, chosen) {
            return true
        }
        return await finish(
            InFlightDelivery(InFlightDelivery.Subject(delivery, in: work.lane, event, chosen)), worker)
    }

    /// Calls the remaining handlers, then settles the delivery.
    func finish(_ begun: InFlightDelivery, _ worker: WatchedWorker) async -> Bool {
        var handling = begun
        while let entry = handling.entry {
            do {
                guard try await run(entry, handling, worker) else { return false }
                handling.index += 1
            } catch {
                if Task.isCancelled { return true }
                fail(&handling, error)
            }
        }
        let delivery = handling.subject.delivery
        if handling.copies.isEmpty {
            source.acknowledge(delivery)
        } else {
            await republish(delivery, as: handling.copies)
        }
        return true
    }

    /// The current handler has failed: adds a copy for it, and continues with the next one.
    func fail(_ handling: inout InFlightDelivery, _ error: any Error) {
        guard let entry = handling.entry else { return }
        let subject = handling.subject
        let attempt = subject.delivery.message.attempts(of: entry.handler) + 1
        entry.metrics.failed.increment()
        handling.copies.append(copy(of: subject.delivery, for: entry, attempt, error, subject.event))
        handling.index += 1
    }

    // MARK: One handler

    /// - Returns: false if the worker was abandoned.
    private func run(
        _ entry: HandlerTable.Entry, _ handling: InFlightDelivery, _ worker: WatchedWorker
    ) async throws -> Bool {
        let (handler, event) = (entry.handler, handling.subject.event)
        let message = handling.subject.delivery.message
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
        if handling.subject.delivery.deliveryCount > 0 { await noteBegun(handler, event) }
        try worker.begin(handling, until: start + watch.limit)
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
        if settings.middleware.isEmpty { return try await call(handler, event, context) }
        let ran = Flag()
        let body: @Sendable (SignalEvent, SignalContext) async throws -> Void = { event, context in
            if try await self.call(handler, event, context) { ran.set() }
        }
        let whole = settings.middleware.reversed().reduce(body) { next, around in
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
            // The initializer has checked that an inbox exists.
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
    fileprivate func attempts(of handler: SignalHandler) -> Int {
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
