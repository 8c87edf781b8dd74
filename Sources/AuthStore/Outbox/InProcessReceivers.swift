// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics
import Synchronization
import Tracing

/// Runs handlers within the process, after the commit: each handler independently and in order. A failing handler is
/// logged and counted, and does not affect the caller, because the transaction is already committed.
///
/// Delivery is at most once: signals that must not be missed belong to a worker behind the broker.
final class InProcessReceivers: Sendable {
    /// One handler and the rows that wait for it.
    private final class HandlerQueue: Sendable {
        struct State {
            var waiting: [OutboxRow] = []
            var running = false
            var waiters: [CheckedContinuation<Void, Never>] = []
        }

        let handler: SignalHandler
        let state = Mutex(State())
        init(_ handler: SignalHandler) { self.handler = handler }
    }

    /// How many rows may wait for one handler; further ones are dropped, because memory is limited.
    private static let longestQueue = 10_000

    private let handlers: SignalHandlers
    private let queues: [String: HandlerQueue]
    private let codec: SignalCodec
    private let logger: Logger

    /// - Throws: ``StoreError`` with code ``StoreError/Code/unsuitable`` for a transactional handler.
    init(_ handlers: SignalHandlers, codec: SignalCodec, logger: Logger) throws(StoreError) {
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

    var isEmpty: Bool { queues.isEmpty }

    /// Enqueues committed signals, in commit order, without waiting.
    func deliver(_ rows: [OutboxRow]) {
        for row in rows {
            for handler in handlers.handlers(for: row.draft.name) {
                if let queue = queues[handler.name] { enqueue(row, queue) }
            }
        }
    }

    /// Returns when all signals that were enqueued so far have been handled.
    func finished() async {
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

    private func enqueue(_ row: OutboxRow, _ queue: HandlerQueue) {
        let (accepted, start) = queue.state.withLock { state in
            guard state.waiting.count < Self.longestQueue else { return (false, false) }
            state.waiting.append(row)
            defer { state.running = true }
            return (true, !state.running)
        }
        if !accepted {
            Counter(label: "auth_receiver_dropped", dimensions: [("handler", queue.handler.name)]).increment()
            logger.error(
                "receiver queue full; signal dropped", metadata: metadata(row, queue.handler))
        }
        // Detached: a committed signal is handled even if the committing task is cancelled meanwhile.
        if start { Task.detached { await self.work(queue) } }
    }

    private func work(_ queue: HandlerQueue) async {
        while true {
            let rows = queue.state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for row in rows { await run(queue.handler, row) }
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

    private func run(_ handler: SignalHandler, _ row: OutboxRow) async {
        guard case .plain(let body) = handler.work else { return }
        var logger = logger
        logger[metadataKey: "signal"] = "\(row.draft.name)"
        logger[metadataKey: "id"] = "\(row.draft.id.wireText)"
        do {
            let event = try SignalCodec.event(from: codec.message(for: row).body)
            guard try handler.accepts(event) else { return }
            let trace = Self.trace(of: row.draft)
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

    private func metadata(_ row: OutboxRow, _ handler: SignalHandler) -> Logger.Metadata {
        [
            "handler": "\(handler.name)", "signal": "\(row.draft.name)", "id": "\(row.draft.id.wireText)",
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

extension SQLiteStore {
    /// Returns when the in-process receivers have handled all signals that were committed so far.
    public func receiversFinished() async { await receivers.finished() }
}
