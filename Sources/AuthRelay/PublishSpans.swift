// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Tracing

/// The spans of the traced messages of a batch, from its publishing to its last confirm. Each is a child of the span in
/// which the signal was emitted.
///
/// The messages carry the trace context of the emitting code, not that of these spans: a message has the same bytes
/// every time it is published, and its trace is whole if the relay exports no spans. OpenTelemetry calls that the
/// message's creation context.
struct PublishSpans {
    private var spans: [(index: Int, span: any Span)] = []

    init(of rows: [OutboxRow], to destination: MessagingDestination, tracer: any Tracer) {
        for (index, row) in rows.enumerated() where row.draft.isTraced {
            var context = ServiceContext.topLevel
            tracer.extract(row.draft.trace, into: &context, using: TraceExtractor())
            let span = tracer.startAnySpan(
                "publish \(destination.name)", context: context, ofKind: .producer)
            span.attributes = destination.attributes(
                operation: "publish", type: "send", messageID: row.draft.id.wireText, signal: row.draft.name)
            spans.append((index, span))
        }
    }

    /// Ends the spans with the outcomes of the batch.
    func end(_ outcomes: [PublishOutcome]) {
        for (index, span) in spans {
            if index < outcomes.count, let error = outcomes[index].errorType {
                span.attributes["error.type"] = error
                span.setStatus(SpanStatus(code: .error))
            }
            span.end()
        }
    }
}

extension SignalDraft {
    /// Whether its trace is recorded; unknown kinds of trace contexts are.
    fileprivate var isTraced: Bool {
        if trace.isEmpty { return false }
        guard let parent = trace[SignalMessage.HeaderName.traceparent] else { return true }
        // W3C Trace Context: the last field has the flags, whose last bit is “sampled”.
        let flags = Array(parent.utf8.dropFirst(53).prefix(2))
        guard flags.count == 2, let low = Hexadecimal.value(of: flags[1]) else { return false }
        return low & 1 == 1
    }
}

extension PublishOutcome {
    /// OpenTelemetry's `error.type`; nil if the broker has the message.
    fileprivate var errorType: String? {
        switch self {
        case .confirmed, .returned: nil
        case .nacked: "nacked"
        case .unknown: "unknown_outcome"
        case .closed(let code, _): String(code)
        case .refused: "refused"
        }
    }
}

private struct TraceExtractor: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}
