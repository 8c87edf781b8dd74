// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import AuthTesting
import InMemoryTracing
import Logging
import ServiceLifecycleTestKit
import Testing
import Tracing

@Suite("The spans of published messages") struct PublishSpanTests {
    private let outbox = MemoryOutbox()
    private let broker = MemoryBroker()
    private let tracer = InMemoryTracer()

    /// Publishes the rows and returns the spans.
    private func publish(_ drafts: [SignalDraft], tracer: any Tracer) async throws -> [FinishedInMemorySpan] {
        broker.declareQueue("all", bind: ["#"])
        outbox.commit(drafts)
        var settings = RelaySettings()
        settings.settleInterval = .milliseconds(1)
        let relay = SignalRelay(
            from: outbox, to: MemoryPublisher(to: broker),
            codec: SignalCodec(source: "https://accounts.example.org"), settings: settings,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), tracer: tracer)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                try await eventually("all were settled") { outbox.confirmed.count == drafts.count }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        return self.tracer.finishedSpans
    }

    /// A draft of a traced request, and the id of the request's span.
    private func traced(_ number: Int) -> (draft: SignalDraft, span: String?) {
        let span = tracer.startSpan("request", context: .topLevel)
        var draft = SignalDraft.test(number)
        tracer.inject(span.context, into: &draft.trace, using: CarrierInjector())
        return (draft, span.context.inMemorySpanContext?.spanID)
    }

    @Test func `a traced message has a span that is a child of the emitting code's`() async throws {
        let (draft, parent) = traced(1)
        let spans = try await publish([draft, .test(2)], tracer: tracer)
        #expect(spans.map(\.operationName) == ["publish memory"])
        let span = try #require(spans.first)
        #expect(span.kind == .producer && span.status == nil)
        #expect(parent != nil && span.parentSpanID == parent)
        #expect(span.attributes["messaging.message.id"]?.toSpanAttribute() == .string(draft.id.wireText))
        // The message carries the emitting code's context, not that of the span.
        let message = try #require(broker.messages(in: "all").first)
        #expect(message.headers["in-memory-span-id"]?.string == parent)
    }

    @Test func `a message whose trace is not sampled has no span`() async throws {
        var (draft, _) = traced(1)
        draft.trace["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
        var broken = traced(2).draft
        broken.trace["traceparent"] = "00-0af7"
        var sampled = traced(3).draft
        sampled.trace["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let spans = try await publish([draft, broken, sampled], tracer: tracer)
        #expect(
            spans.map { $0.attributes["messaging.message.id"]?.toSpanAttribute() }
                == [.string(sampled.id.wireText)])
    }

    @Test func `without a tracer there are no spans`() async throws {
        #expect(try await publish([traced(1).draft], tracer: NoOpTracer()).isEmpty)
    }
}

private struct CarrierInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key] = value
    }
}
