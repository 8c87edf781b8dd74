// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics
import Tracing

extension SignalDispatcher {
    /// Handles a delivery to its end: acknowledged, moved, or, where the task is cancelled, left.
    func handle(_ delivery: Delivery) async {
        let event: SignalEvent
        do {
            event = try SignalCodec.event(from: delivery.message.body)
        } catch {
            await setAside(delivery, error: "\(error)", reason: FailedDelivery.Reason.malformed)
            return
        }
        let chosen: [SignalHandler]
        if let name = delivery.message.headers[SignalMessage.HeaderName.handler]?.string {
            guard let handler = handlers.handler(named: name) else {
                await setAside(delivery, error: nil, reason: FailedDelivery.Reason.unknownHandler)
                return
            }
            chosen = [handler]
        } else {
            chosen = handlers.handlers(for: event.name)
        }
        var copies: [MovedCopy] = []
        for handler in chosen {
            let attempt = delivery.message.attempts(of: handler) + 1
            do {
                try await run(handler, event, delivery, attempt)
            } catch {
                if Task.isCancelled { return }
                copies.append(copy(of: delivery, for: handler, attempt, error, event))
            }
        }
        if copies.isEmpty { source.acknowledge(delivery) } else { await move(delivery, as: copies) }
    }

    // MARK: One handler

    private func run(
        _ handler: SignalHandler, _ event: SignalEvent, _ delivery: Delivery, _ attempt: Int
    ) async throws {
        let metrics = metrics[handler]
        let start = ContinuousClock.now
        if case .plain = handler.work,
            try await inbox?.isDone(handler: handler.name, messageID: event.id) == true
        {
            metrics?.duplicates.increment()
            return
        }
        var logger = logger
        logger[metadataKey: "signal"] = "\(event.name)"
        logger[metadataKey: "id"] = "\(event.id.wireText)"
        let context = SignalContext(
            event: event, attempt: attempt, logger: logger, trace: trace(of: delivery.message))
        let call = wrapped(handler)
        let ran = Flag()
        do {
            try await watch.run { [tracer] in
                try await tracer.withAnySpan(
                    "process \(event.name)", context: context.trace, ofKind: .consumer
                ) {
                    span in
                    span.attributes["messaging.message.id"] = event.id.wireText
                    var context = context
                    context.trace = span.context
                    try await call(event, context, ran)
                }
            }
        } catch {
            metrics?.failed.increment()
            metrics?.duration.record(since: start)
            throw error
        }
        guard ran.isSet else {
            metrics?.duplicates.increment()
            return
        }
        metrics?.handled.increment()
        metrics?.duration.record(since: start)
        if case .plain = handler.work { await mark(handler, event) }
    }

    /// The handler within the middleware and, where it works there, the inbox's transaction.
    private func wrapped(
        _ handler: SignalHandler
    ) -> @Sendable (SignalEvent, SignalContext, Flag) async throws -> Void {
        let (inbox, clock, middleware) = (inbox, clock, configuration.middleware)
        return { event, context, ran in
            let body: @Sendable (SignalEvent, SignalContext) async throws -> Void = { event, context in
                switch handler.work {
                case .plain(let run):
                    ran.set()
                    try await run(event, context)
                case .transactional(let run):
                    // The initialiser has made sure that there is an inbox.
                    let isFirst = try await inbox?.once(
                        handler: handler.name, messageID: event.id, at: clock.now()
                    ) { try run(event, context, $0) }
                    if isFirst == true { ran.set() }
                }
            }
            let call = middleware.reversed().reduce(body) { next, around in
                { event, context in try await around.handle(event, context, by: handler.name, next: next) }
            }
            try await call(event, context)
        }
    }

    /// The trace that the signal was emitted in.
    private func trace(of message: SignalMessage) -> ServiceContext {
        var context = ServiceContext.topLevel
        tracer.extract(message.headers, into: &context, using: HeaderExtractor())
        return context
    }

    private func mark(_ handler: SignalHandler, _ event: SignalEvent) async {
        do {
            try await inbox?.markDone(handler: handler.name, messageID: event.id, at: clock.now())
        } catch {
            // The handler's work is done: to do it again because the mark is missing would be worse.
            logger.error(
                "a handled message could not be marked; if it is delivered again it is handled again",
                metadata: [
                    "handler": "\(handler.name)", "id": "\(event.id.wireText)", "error": "\(error)",
                ])
        }
    }
}

extension SignalMessage {
    /// How many attempts the handler has made at this message: what is counted in a copy is that handler's.
    fileprivate func attempts(of handler: SignalHandler) -> Int {
        guard headers[HeaderName.handler]?.string == handler.name else { return 0 }
        // Whoever may write to the queue may write any number.
        return Int(min(max(0, headers[HeaderName.attempt]?.integer ?? 0), 1_000_000))
    }
}

/// Reads a trace from a message's headers.
private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: [String: SignalMessage.HeaderValue]) -> String? {
        headers[key]?.string
    }
}
