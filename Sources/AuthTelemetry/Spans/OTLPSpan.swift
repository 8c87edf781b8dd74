// SPDX-License-Identifier: Apache-2.0
import Synchronization
package import Tracing

/// A span of ``OTLPTracer``. It is passed to the exporter when it ends; a span that is not sampled records nothing.
package final class OTLPSpan: Span {
    /// The most attributes, events and links of a span: OpenTelemetry's default limits.
    static let mostItems = 128

    package let context: ServiceContext
    private let sink: (any SpanSink)?
    /// What was recorded; nil after the end, and if the span is not sampled.
    private let recorded: Mutex<FinishedSpan?>

    /// - Parameter sink: nil if the span is not sampled.
    init(_ span: FinishedSpan, context: ServiceContext, sink: (any SpanSink)?) {
        self.context = context
        self.sink = sink
        recorded = Mutex(sink == nil ? nil : span)
    }

    package var isRecording: Bool { recorded.withLock { $0 != nil } }

    package var operationName: String {
        get { recorded.withLock { $0?.name ?? "" } }
        set { recorded.withLock { $0?.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { recorded.withLock { $0?.attributes ?? [:] } }
        set { recorded.withLock { if newValue.count <= Self.mostItems { $0?.attributes = newValue } } }
    }

    package func setStatus(_ status: SpanStatus) { recorded.withLock { $0?.status = status } }

    package func addEvent(_ event: SpanEvent) {
        recorded.withLock { span in
            if let count = span?.events.count, count < Self.mostItems { span?.events.append(event) }
        }
    }

    package func addLink(_ link: SpanLink) {
        recorded.withLock { span in
            if let count = span?.links.count, count < Self.mostItems { span?.links.append(link) }
        }
    }

    /// Records the error's type only: its text may contain an address or a token.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        var attributes = attributes
        attributes["exception.type"] = String(reflecting: type(of: error))
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard let sink else { return }
        let ended = recorded.withLock { span in
            defer { span = nil }
            return span
        }
        guard var ended else { return }
        // A clock that was set back must not give a negative duration.
        ended.end = max(ended.start, instant().nanosecondsSinceEpoch)
        sink.add(ended)
    }
}
