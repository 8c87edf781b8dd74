// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import AuthTesting
import InMemoryLogging
import Logging
import MetricsTestKit
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite("Collecting spans") struct SpanBatcherTests {
    private let time = ManualTime()
    private let metrics = TestMetrics()
    private let log = InMemoryLogHandler()

    private func batcher(
        to transport: MemoryTransport, queueSize: Int = 8, batchSize: Int = 2
    ) -> SpanBatcher {
        var settings = TraceBatchSettings()
        settings.queueSize = queueSize
        settings.batchSize = batchSize
        let log = log
        return SpanBatcher(
            settings, encoder: OTLPEncoder(resource: [:]), to: transport, timeout: .seconds(10),
            timer: time.timer, logger: Logger(label: "test", factory: { _ in log }), metrics: metrics)
    }

    /// Runs a batcher, then the body, then shuts the batcher down and waits for its end.
    private func running(_ batcher: SpanBatcher, _ body: @Sendable () async throws -> Void) async throws {
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await batcher.run() }
                try await body()
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    private func dropped(_ reason: String) throws -> Int64 {
        try metrics.expectCounter("auth_signals_spans_dropped", [("reason", reason)]).totalValue
    }

    @Test func `a full batch is exported immediately`() async throws {
        let transport = MemoryTransport()
        let batcher = batcher(to: transport)
        try await running(batcher) {
            batcher.add(.sample())
            batcher.add(.sample())
            try await eventually("the batch is exported") { transport.bodies.count == 1 }
        }
        #expect(transport.bodies.count == 1 && transport.isClosed)
        #expect(try metrics.expectCounter("auth_signals_spans_exported").totalValue == 2)
    }

    @Test func `a span waits for others until the delay`() async throws {
        let transport = MemoryTransport()
        let batcher = batcher(to: transport)
        try await running(batcher) {
            try await eventually("the batcher waits") { time.sleeping == 1 }
            batcher.add(.sample())
            time.advance(by: .milliseconds(4999))
            #expect(transport.bodies.isEmpty)
            time.advance(by: .milliseconds(1))
            try await eventually("the span is exported") { transport.bodies.count == 1 }
        }
    }

    @Test func `what is left is exported at the shutdown`() async throws {
        let transport = MemoryTransport()
        let batcher = batcher(to: transport)
        for _ in 0..<3 { batcher.add(.sample()) }
        try await running(batcher) {}
        #expect(transport.bodies.count == 2)
        #expect(try metrics.expectCounter("auth_signals_spans_exported").totalValue == 3)
    }

    @Test func `what is left is exported if the process fails`() async throws {
        let transport = MemoryTransport()
        let batcher = batcher(to: transport)
        let running = Task { try await batcher.run() }
        try await eventually("the batcher waits") { time.sleeping == 1 }
        batcher.add(.sample())
        running.cancel()
        try await running.value
        #expect(transport.bodies.count == 1)
    }

    @Test func `spans that do not fit are dropped and counted`() async throws {
        let transport = MemoryTransport()
        let batcher = batcher(to: transport, queueSize: 2)
        for _ in 0..<5 { batcher.add(.sample()) }
        try await running(batcher) {}
        #expect(try dropped("queue_full") == 3)
        #expect(transport.bodies.count == 1)
    }

    @Test func `a collector that fails is logged once, and again when it accepts spans`() async throws {
        let refusal = TraceResponse.status(400, retryAfter: nil)
        let transport = MemoryTransport([refusal, refusal])
        let batcher = batcher(to: transport, batchSize: 1)
        try await running(batcher) {
            for number in 1...3 {
                batcher.add(.sample())
                // After a failure the next export waits for the delay.
                try await eventually("attempt \(number)") {
                    time.advance(by: .seconds(5))
                    return transport.bodies.count == number
                }
            }
        }
        #expect(log.entries.map(\.level) == [.warning, .notice])
        #expect(try dropped("export_failed") == 2)
    }

    @Test func `a collector that does not answer delays the shutdown by at most the limit`() async throws {
        let transport = MemoryTransport(hangs: true)
        let batcher = batcher(to: transport)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await batcher.run() }
                batcher.add(.sample())
                batcher.add(.sample())
                try await eventually("the export hangs") { transport.bodies.count == 1 }
                trigger.triggerGracefulShutdown()
                // Nothing else waits while an export is in flight.
                try await eventually("the limit runs") { time.sleeping == 1 }
                time.advance(by: SpanBatcher.flushLimit)
                try await group.waitForAll()
            }
        }
        #expect(try dropped("export_failed") == 2)
    }
}
