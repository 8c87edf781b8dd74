// SPDX-License-Identifier: Apache-2.0
package import Tracing

/// Starts spans, decides which are sampled, and passes the trace context on as W3C `traceparent` and `tracestate`.
package struct OTLPTracer: Tracer {
    private let sampler: Sampler
    private let propagates: Bool
    private let sink: any SpanSink

    /// - Parameters:
    ///   - propagates: whether `traceparent` is read and written.
    ///   - sink: receives the sampled spans.
    package init(sampler: Sampler, propagates: Bool = true, sink: any SpanSink) {
        self.sampler = sampler
        self.propagates = propagates
        self.sink = sink
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> OTLPSpan {
        var context = context()
        let parent = context.traceContext
        let traceID = parent?.traceID ?? (.random(in: 1 ... .max), .random(in: 0 ... .max))
        let own = TraceContext(
            traceID: traceID, spanID: .random(in: 1 ... .max),
            isSampled: sampler.records(traceLow: traceID.low, parent: parent), state: parent?.state)
        context.traceContext = own
        let start = own.isSampled ? instant().nanosecondsSinceEpoch : 0
        return OTLPSpan(
            FinishedSpan(
                context: own, parent: parent, name: operationName, kind: kind, start: start, end: start),
            context: context, sink: own.isSampled ? sink : nil)
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard propagates, let trace = context.traceContext else { return }
        injector.inject(trace.traceparent, forKey: "traceparent", into: &carrier)
        if let state = trace.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard propagates, let parent = extractor.extract(key: "traceparent", from: carrier),
            let trace = TraceContext(
                traceparent: parent, state: extractor.extract(key: "tracestate", from: carrier))
        else { return }
        context.traceContext = trace
    }

    package func forceFlush() {}
}
