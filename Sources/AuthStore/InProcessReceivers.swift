// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation
package import Logging
import Metrics
import Synchronization
import Tracing

/// Runs handlers within the process, after the commit: each handler independently and in order. A failing handler is
/// logged and counted, and does not affect the caller, because the transaction is already committed.
///
/// Delivery is at most once: signals that must not be missed belong to a worker behind the broker.
package final class InProcessReceivers: Sendable {
    private struct CommittedSignal: Sendable {
        var draft: SignalDraft
        /// Nil if the store numbers signals later.
        var sequence: Int64?
    }

    /// One handler and the signals that wait for it.
    private final class HandlerQueue: Sendable {
        struct State {
            var waiting: [CommittedSignal] = []
            var running = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        let handler: SignalHandler
        let state = Mutex(State())
        init(_ handler: SignalHandler) { self.handler = handler }
    }

    /// How many signals may wait for one handler; further ones are dropped, because memory is limited.
    private static let longestQueue = 10_000

    private let handlers: SignalHandlers
    private let queues: [String: HandlerQueue]
    private let codec: SignalCodec
    private let logger: Logger

    /// - Throws: ``StoreError`` with code ``StoreError/Code/unsuitable`` for a transactional handler.
    package init(_ handlers: SignalHandlers, codec: SignalCodec, logger: Logger) throws(StoreError) {
        let all = handlers.all + (handlers.unhandled.map { [$0] } ?? [])
        for handler in all {
            guard case .plain = handler.work else {
                throw StoreError(
                    .unsuitable,
                    "the receiver “\(handler.name)” is transactional, which requires a worker with an inbox"
                )
            }
        }
        self.handlers = handlers
        queues = Dictionary(uniqueKeysWithValues: all.map { ($0.name, HandlerQueue($0)) })
        self.codec = codec
        self.logger = logger
    }

    package var isEmpty: Bool { queues.isEmpty }

    /// Enqueues committed signals, in commit order, without waiting.
    package func deliver(_ rows: [OutboxRow]) {
        deliver(rows.map { CommittedSignal(draft: $0.draft, sequence: $0.sequence) })
    }

    /// Enqueues committed signals that have no number yet, without waiting. Receivers get no sequence number, and
    /// signals of different transactions in any order.
    package func deliver(_ drafts: [SignalDraft]) {
        deliver(drafts.map { CommittedSignal(draft: $0, sequence: nil) })
    }

    private func deliver(_ signals: [CommittedSignal]) {
        for signal in signals {
            for handler in handlers.handlers(for: signal.draft.name) {
                if let queue = queues[handler.name] { enqueue(signal, queue) }
            }
        }
    }

    /// Returns when all signals that were enqueued so far have been handled.
    package func finished() async {
        for queue in queues.values {
            await withCheckedContinuation { continuation in
                let idle = queue.state.withLock { state in
                    if state.running { state.waiters.append(continuation) }
                    return !state.running
                }
                if idle { continuation.resume() }
            }
        }
    }

    private func enqueue(_ signal: CommittedSignal, _ queue: HandlerQueue) {
        let (accepted, start) = queue.state.withLock { state in
            guard state.waiting.count < Self.longestQueue else { return (false, false) }
            state.waiting.append(signal)
            defer { state.running = true }
            return (true, !state.running)
        }
        if !accepted {
            Counter(label: "auth_receiver_dropped", dimensions: [("handler", queue.handler.name)]).increment()
            logger.error(
                "receiver queue full; signal dropped", metadata: metadata(signal, queue.handler))
        }
        // Detached: a committed signal is handled even if the committing task is cancelled meanwhile.
        if start { Task.detached { await self.work(queue) } }
    }

    private func work(_ queue: HandlerQueue) async {
        while true {
            let signals = queue.state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for signal in signals { await run(queue.handler, signal) }
            let waiters = queue.state.withLock { state -> [CheckedContinuation<Void, Never>]? in
                guard state.waiting.isEmpty else { return nil }
                defer { state.waiters = [] }
                state.running = false
                return state.waiters
            }
            guard let waiters else { continue }
            for continuation in waiters { continuation.resume() }
            return
        }
    }

    private func run(_ handler: SignalHandler, _ signal: CommittedSignal) async {
        guard case .plain(let body) = handler.work else { return }
        var logger = logger
        logger[metadataKey: "signal"] = "\(signal.draft.name)"
        logger[metadataKey: "id"] = "\(signal.draft.id.wireText)"
        do {
            let event = try event(of: signal)
            guard try handler.accepts(event) else { return }
            let trace = Self.trace(of: signal.draft)
            let context = SignalContext(event: event, logger: logger, trace: trace)
            try await ServiceContext.withValue(trace) { try await body(event, context) }
        } catch {
            Counter(label: "auth_receiver_failures", dimensions: [("handler", handler.name)]).increment()
            // The error's text may quote the handler's input, so only its type is logged.
            logger.error(
                "receiver failed",
                metadata: ["handler": "\(handler.name)", "error": "\(type(of: error))"])
        }
    }

    private func event(of signal: CommittedSignal) throws -> SignalEvent {
        guard let sequence = signal.sequence else { return try codec.event(for: signal.draft) }
        let row = OutboxRow(sequence: sequence, draft: signal.draft)
        return try SignalCodec.event(from: codec.message(for: row).body)
    }

    private func metadata(_ signal: CommittedSignal, _ handler: SignalHandler) -> Logger.Metadata {
        [
            "handler": "\(handler.name)", "signal": "\(signal.draft.name)",
            "id": "\(signal.draft.id.wireText)",
        ]
    }

    private static func trace(of draft: SignalDraft) -> ServiceContext {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(draft.trace, into: &context, using: TraceExtractor())
        return context
    }

    private struct TraceExtractor: Extractor {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}
