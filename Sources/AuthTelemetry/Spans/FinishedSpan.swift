// SPDX-License-Identifier: Apache-2.0
package import Tracing

/// A span that has ended, as it is exported.
package struct FinishedSpan: Sendable {
    package var context: TraceContext
    /// Nil if the trace starts with this span.
    package var parent: TraceContext?
    package var name: String
    package var kind: SpanKind
    /// In nanoseconds since 1970.
    package var start: UInt64
    /// In nanoseconds since 1970.
    package var end: UInt64
    package var attributes = SpanAttributes()
    package var events: [SpanEvent] = []
    package var links: [SpanLink] = []
    package var status: SpanStatus?

    package init(
        context: TraceContext, parent: TraceContext?, name: String, kind: SpanKind, start: UInt64, end: UInt64
    ) {
        self.context = context
        self.parent = parent
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
    }
}

/// Receives spans when they end.
package protocol SpanSink: Sendable {
    /// Takes a span without waiting.
    func add(_ span: FinishedSpan)
}
