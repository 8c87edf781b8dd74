// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import Testing
import Tracing

@Suite("The tracer") struct OTLPTracerTests {
    private let sink = MemorySink()

    private struct Dictionary: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }

    private struct Telling: Error, CustomStringConvertible { var description: String { "ada@example.org" } }

    @Test func `a span within another is its child`() throws {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOn), sink: sink)
        tracer.withSpan("outer") { _ in tracer.withSpan("inner", ofKind: .client) { _ in } }
        #expect(sink.spans.map(\.name) == ["inner", "outer"])
        let (inner, outer) = (sink.spans[0], sink.spans[1])
        #expect(outer.parent == nil)
        #expect(inner.parent?.spanID == outer.context.spanID)
        #expect(inner.context.traceID == outer.context.traceID)
        #expect(inner.context.spanID != outer.context.spanID)
        #expect(inner.kind == .client && inner.start >= outer.start && inner.end <= outer.end)
    }

    @Test func `continues the caller's trace and passes it on`() throws {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOn), sink: sink)
        let headers = [
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=1",
        ]
        var context = ServiceContext.topLevel
        tracer.extract(headers, into: &context, using: Dictionary())
        let span = tracer.startSpan("request", context: context, ofKind: .server)
        var carrier: [String: String] = [:]
        tracer.inject(span.context, into: &carrier, using: Dictionary())
        span.end()
        let ended = try #require(sink.spans.first)
        #expect(ended.parent?.spanID == 0xb7ad_6b71_6920_3331 && ended.parent?.isRemote == true)
        #expect(carrier == ["traceparent": ended.context.traceparent, "tracestate": "a=1"])
        #expect(carrier["traceparent"]?.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
        #expect(carrier["traceparent"] != headers["traceparent"])
    }

    @Test func `a trace that is not sampled is passed on and not recorded`() {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOff), sink: sink)
        tracer.withSpan("outer") { span in
            #expect(!span.isRecording)
            var carrier: [String: String] = [:]
            tracer.inject(span.context, into: &carrier, using: Dictionary())
            #expect(carrier["traceparent"]?.hasSuffix("-00") == true)
            tracer.withSpan("inner") { #expect(!$0.isRecording) }
        }
        #expect(sink.spans.isEmpty)
    }

    @Test func `without propagation nothing is read and written`() {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOn), propagates: false, sink: sink)
        var context = ServiceContext.topLevel
        tracer.extract(
            ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], into: &context,
            using: Dictionary())
        #expect(context.traceContext == nil)
        var carrier: [String: String] = [:]
        tracer.withSpan("work") { tracer.inject($0.context, into: &carrier, using: Dictionary()) }
        #expect(carrier.isEmpty)
    }

    @Test func `an error is recorded by its type, without its text`() throws {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOn), sink: sink)
        #expect(throws: Telling.self) { try tracer.withSpan("work") { _ in throw Telling() } }
        let span = try #require(sink.spans.first)
        #expect(span.status?.code == .error)
        #expect(span.events.map(\.name) == ["exception"])
        #expect("\(span)".contains("Telling") && !"\(span)".contains("ada@example.org"))
    }

    @Test func `a span ends once, and keeps a bounded number of events`() throws {
        let tracer = OTLPTracer(sampler: Sampler(.alwaysOn), sink: sink)
        let span = tracer.startSpan("work")
        for _ in 0..<200 { span.addEvent("tick") }
        span.end()
        span.end()
        span.addEvent("late")
        #expect(sink.spans.count == 1)
        #expect(sink.spans.first?.events.count == 128)
    }
}
