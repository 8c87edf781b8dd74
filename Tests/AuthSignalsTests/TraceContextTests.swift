// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing
import Tracing

@Suite(.serialized) struct TraceContextTests {
    private let signal = PasswordSet(request: SampleSignals.request, user: SampleSignals.user)

    init() { FakeInstrument.install }

    @Test func `stores the trace of the emitting code and sends it as headers`() throws {
        var context = ServiceContext.topLevel
        context[FakeInstrument.Key.self] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let row = try ServiceContext.$current.withValue(context) { try SampleSignals.row(of: signal) }
        #expect(
            row.draft.trace == [
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate": "vendor=1",
            ])
        // The relay publishes it later, when another context or none is current.
        let message = SampleSignals.codec().message(for: row)
        #expect(
            message.headers == [
                "subject": .string(SampleSignals.user.id),
                "traceparent": .string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                "tracestate": .string("vendor=1"),
            ])
        #expect(!String(decoding: message.body, as: UTF8.self).contains("trace"))
    }

    @Test func `does not store baggage and other headers of an instrument`() throws {
        var context = ServiceContext.topLevel
        context[FakeInstrument.Key.self] = "00-1-2-01"
        let row = try ServiceContext.$current.withValue(context) { try SampleSignals.row(of: signal) }
        #expect(Set(row.draft.trace.keys) == ["traceparent", "tracestate"])
    }

    @Test func `sends no trace headers without a trace context`() throws {
        #expect(try SampleSignals.row(of: signal).draft.trace.isEmpty)
        #expect(try SampleSignals.message(of: signal).headers == ["subject": .string(SampleSignals.user.id)])
    }
}

/// An instrument that injects the same headers as OpenTelemetry's.
struct FakeInstrument: Instrument {
    enum Key: ServiceContextKey { typealias Value = String }

    /// Bootstraps the instrumentation system, which a process can do only once.
    static let install: Void = InstrumentationSystem.bootstrap(FakeInstrument())

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let parent = context[Key.self] else { return }
        injector.inject(parent, forKey: "traceparent", into: &carrier)
        injector.inject("vendor=1", forKey: "tracestate", into: &carrier)
        injector.inject("user=jane", forKey: "baggage", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context[Key.self] = extractor.extract(key: "traceparent", from: carrier)
    }
}
