// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization
import Tracing

/// The span of a delivery, from its first handler to its acknowledgement: a child of the span in which the signal was
/// emitted, and the parent of the handlers' spans. A delivery that is abandoned, because it is redelivered, ends it too.
final class DeliverySpan: Sendable {
    private let span: any Span
    private let hasEnded = Atomic(false)

    init(
        of message: SignalMessage, _ event: SignalEvent, from queue: MessagingDestination, tracer: any Tracer
    ) {
        var context = ServiceContext.topLevel
        tracer.extract(message.headers, into: &context, using: HeaderExtractor())
        span = tracer.startAnySpan("process \(queue.name)", context: context, ofKind: .consumer)
        span.attributes = queue.attributes(
            operation: "process", type: "process", messageID: event.id.wireText, signal: event.name)
    }

    deinit { end() }

    var context: ServiceContext { span.context }

    /// A handler has failed: the message is retried, or dead-lettered.
    func fail() { span.setStatus(SpanStatus(code: .error)) }

    func end() {
        if !hasEnded.exchange(true, ordering: .relaxed) { span.end() }
    }
}

/// Reads a trace from a message's headers.
private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: [String: SignalMessage.HeaderValue]) -> String? {
        headers[key]?.string
    }
}
