// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import InMemoryTracing
import Logging
import MetricsTestKit
import Testing
import Tracing

/// A dispatcher's metrics, traces and logs.
@Suite struct DispatchReportTests {
    private struct Boom: Error {}
    private let bench = DispatcherBench()

    private func count(_ label: String, of handler: String = "recorder") throws -> Int64 {
        try bench.metrics.expectCounter(label, [("handler", handler)]).totalValue
    }

    @Test func `counts handled, failed, retried, dead-lettered and duplicate messages`() async throws {
        bench.on { event, context in
            if event.sequence == 2, context.attempt == 1 { throw Boom() }
            if event.sequence == 3 { throw SignalVerdict.reject("no") }
        }
        let message = SignalMessage.test(1, subject: "a")
        bench.send(message)
        bench.send(message)
        bench.send(.test(2))
        bench.send(.test(3))
        var broken = SignalMessage.test(4)
        broken.body = Data("{".utf8)
        bench.send(broken)
        try await bench.running {
            try await eventually("one is on its retry rung, two are dead-lettered") {
                bench.on(.oneSecond).count == 1 && bench.dead.count == 2 && bench.unsettled == 0
            }
            bench.broker.advance(by: .seconds(1))
            try await bench.recorder.wait { $0.count == 4 }
            try await bench.untilSettled()
        }
        #expect(try count("auth_signals_handled") == 2)
        #expect(try count("auth_signals_duplicates_dropped") == 1)
        #expect(try count("auth_signals_failed") == 2)
        #expect(try count("auth_signals_retried") == 1)
        #expect(try count("auth_signals_dead") == 1)
        #expect(try count("auth_signals_dead", of: "") == 1)
        let timer = try bench.metrics.expectTimer("auth_signals_handler_duration", [("handler", "recorder")])
        #expect(timer.values.count == 4)
    }

    private func depth() throws -> Double? {
        try bench.metrics.expectGauge("auth_signals_lane_depth").lastValue
    }

    @Test func `the depth metric counts waiting deliveries and returns to 0`() async throws {
        let gate = Gate()
        bench.on { _, _ in await gate.wait() }
        for number in 1...6 { bench.send(.test(number, subject: "one")) }
        try await bench.running {
            try await eventually("five wait for the first") { try depth() == 5 }
            gate.open()
            try await bench.untilSettled()
            #expect(try depth() == 0)
        }
    }

    @Test func `a handler runs in a span that continues the signal's trace`() async throws {
        let inner = Locked<[String?]>([])
        bench.on { _, context in
            inner.change { $0.append(context.trace.inMemorySpanContext?.spanID) }
            #expect(
                ServiceContext.current?.inMemorySpanContext?.spanID
                    == context.trace.inMemorySpanContext?.spanID)
        }
        var carrier: [String: String] = [:]
        let emitting = bench.tracer.startAnySpan("emit", context: .topLevel)
        bench.tracer.inject(emitting.context, into: &carrier, using: CarrierInjector())
        emitting.end()
        var message = SignalMessage.test(1)
        for (key, value) in carrier { message.headers[key] = .string(value) }
        bench.send(message)
        try await bench.running { try await bench.untilSettled() }
        let spans = bench.tracer.finishedSpans
        let delivery = try #require(spans.first { $0.operationName == "process memory" })
        #expect(delivery.kind == .consumer)
        #expect(delivery.traceID == emitting.context.inMemorySpanContext?.traceID)
        #expect(delivery.parentSpanID == emitting.context.inMemorySpanContext?.spanID)
        let handling = try #require(spans.first { $0.operationName == "handle testing.happened" })
        #expect(handling.traceID == delivery.traceID)
        #expect(handling.parentSpanID == delivery.spanID)
        #expect(inner.value == [handling.spanID])
    }

    @Test func `the span of a delivery has an error if a handler fails`() async throws {
        bench.on { _, _ in throw BrokenHandler() }
        bench.send(.test(1))
        try await bench.running {
            try await eventually("a copy waits for the retry") { bench.on(.oneSecond).count == 1 }
            try await bench.untilSettled()
        }
        let delivery = try #require(
            bench.tracer.finishedSpans.first { $0.operationName == "process memory" })
        #expect(delivery.status?.code == .error)
        #expect(
            bench.tracer.finishedSpans.first { $0.operationName == "handle testing.happened" }?.status?.code
                == .error)
    }

    @Test func `a failure is logged with the error's type, without its text and without the payload`()
        async throws
    {
        struct Telling: Error, CustomStringConvertible { var description: String { "marked-secret" } }
        bench.on { _, _ in throw Telling() }
        var message = SignalMessage.test(1)
        message.body = Data(
            String(decoding: message.body, as: UTF8.self)
                .replacing(#""number":1"#, with: #""number":1,"email":"marked@example.org""#).utf8)
        bench.send(message)
        var broken = SignalMessage.test(2)
        broken.body = Data(#"{"specversion":"marked-secret"}"#.utf8)
        bench.send(broken)
        try await bench.running {
            try await eventually("both have failed") {
                bench.on(.oneSecond).count == 1 && bench.dead.count == 1
            }
        }
        let lines = bench.log.entries.map { "\($0.level) \($0.message) \($0.metadata)" }
        #expect(lines.contains { $0.contains("Telling") && $0.contains("testing.happened") })
        #expect(lines.contains { $0.contains("malformed") })
        #expect(!lines.contains { $0.contains("marked") })
    }
}

private struct BrokenHandler: Error {}

private struct CarrierInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key] = value
    }
}
