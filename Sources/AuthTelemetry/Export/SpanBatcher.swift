// SPDX-License-Identifier: Apache-2.0
package import Logging
package import Metrics
import ServiceLifecycle
import Synchronization

/// Collects ended spans and exports them in batches, in the background.
///
/// Its queue is bounded: spans that do not fit are dropped and counted, so that a collector that is slow or absent
/// neither blocks a request nor takes memory. At a graceful shutdown, and if the process fails, the queue is exported
/// within ``flushLimit``; stop it last, so that it has the spans of everything else.
package final class SpanBatcher: SpanSink, Service {
    private struct State {
        var spans: [FinishedSpan] = []
        var dropped = 0
        var isStopping = false
        /// Ends the last export.
        var limit: Task<Void, Never>?
    }

    /// How long the last export may take.
    package static let flushLimit = Duration.seconds(5)

    private let state = Mutex(State())
    private let settings: TraceBatchSettings
    private let encoder: OTLPEncoder
    private let exporter: TraceExporter
    private let timer: TraceTimer
    private let logger: Logger
    private let metrics: any MetricsFactory
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private let isFailing = Atomic(false)

    /// - Parameter timeout: how long one batch may take, with all attempts.
    package init(
        _ settings: TraceBatchSettings, encoder: OTLPEncoder, to transport: any TraceTransport,
        timeout: Duration, timer: TraceTimer = .system, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.settings = settings
        self.encoder = encoder
        self.timer = timer
        self.logger = logger
        self.metrics = metrics
        exporter = TraceExporter(to: transport, timeout: timeout, timer: timer)
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func add(_ span: FinishedSpan) {
        let isBatch = state.withLock { state in
            guard state.spans.count < settings.queueSize else {
                state.dropped += 1
                return false
            }
            state.spans.append(span)
            return state.spans.count == settings.batchSize
        }
        if isBatch { wakeUp.yield() }
    }

    /// Exports until a graceful shutdown or cancellation, then exports what is left, within ``flushLimit``.
    package func run() async throws {
        // Not a child task: a cancelled process exports what is left, too.
        let work = Task { await self.work() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await work.value
            } onGracefulShutdown: {
                self.stop(work)
            }
        } onCancel: {
            self.stop(work)
        }
        state.withLock { $0.limit }?.cancel()
        await exporter.close()
        let left = state.withLock { $0.spans.count }
        if left > 0 { logger.warning("spans dropped at the shutdown", metadata: ["count": "\(left)"]) }
    }

    private func stop(_ work: Task<Void, Never>) {
        state.withLock { state in
            if state.isStopping { return }
            state.isStopping = true
            state.limit = Task {
                try? await timer.sleep(Self.flushLimit)
                work.cancel()
            }
        }
        wakeUp.yield()
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func work() async {
        var iterator = wakeUps.makeAsyncIterator()
        while !isStopping {
            await wait(settings.delay, &iterator)
            guard let rest = await exportAll() else { continue }
            // Full batches must not shorten the pause of a collector that has just failed.
            let end = timer.now() + rest
            while !isStopping, timer.now() < end { await wait(end - timer.now(), &iterator) }
        }
        // What has ended since; a collector that fails is not waited for.
        _ = await exportAll()
    }

    /// Waits for a batch, at most that long.
    private func wait(_ pause: Duration, _ iterator: inout AsyncStream<Void>.AsyncIterator) async {
        async let _ = wake(after: pause)
        _ = await iterator.next()
        // Leaving the scope cancels the timer; a cancelled timer sends no wake-up.
    }

    private func wake(after pause: Duration) async {
        do {
            try await timer.sleep(pause)
            wakeUp.yield()
        } catch {}
    }

    /// Exports batches until the queue is empty or one fails.
    ///
    /// - Returns: after a failure, the pause before the next export.
    private func exportAll() async -> Duration? {
        while !Task.isCancelled, let batch = next() {
            if case .failed(_, let pause) = await export(batch) {
                return max(settings.delay, min(pause ?? .zero, .seconds(300)))
            }
        }
        return nil
    }

    private func next() -> [FinishedSpan]? {
        let (batch, dropped) = state.withLock { state in
            let batch = Array(state.spans.prefix(settings.batchSize))
            state.spans.removeFirst(batch.count)
            defer { state.dropped = 0 }
            return (batch, state.dropped)
        }
        count(dropped, as: "queue_full")
        return batch.isEmpty ? nil : batch
    }

    private func export(_ batch: [FinishedSpan]) async -> TraceExporter.Outcome {
        let outcome = await exporter.export(encoder.request(batch)) {
            !isStopping || !isFailing.load(ordering: .relaxed)
        }
        switch outcome {
        case .exported:
            Counter(label: "auth_signals_spans_exported", factory: metrics).increment(by: batch.count)
            if isFailing.exchange(false, ordering: .relaxed) { logger.notice("traces are exported again") }
        case .failed(let reason, _):
            count(batch.count, as: "export_failed")
            if !isFailing.exchange(true, ordering: .relaxed) {
                logger.warning(
                    "traces cannot be exported; spans are dropped until the collector accepts them",
                    metadata: ["reason": "\(reason)"])
            }
        }
        return outcome
    }

    private func count(_ dropped: Int, as reason: String) {
        guard dropped > 0 else { return }
        Counter(label: "auth_signals_spans_dropped", dimensions: [("reason", reason)], factory: metrics)
            .increment(by: dropped)
    }
}
