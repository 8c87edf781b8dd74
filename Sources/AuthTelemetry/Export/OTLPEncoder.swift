// SPDX-License-Identifier: Apache-2.0
import Tracing

/// Encodes spans as OTLP's `ExportTraceServiceRequest` (opentelemetry/proto/collector/trace/v1/trace_service.proto).
///
/// Field numbers are those of opentelemetry-proto 1.x, which never change.
package struct OTLPEncoder: Sendable {
    /// The encoded `Resource`: what all spans of this process have in common.
    private let resource: [UInt8]
    /// The encoded `InstrumentationScope`.
    private let scope: [UInt8]

    /// - Parameter resource: attributes such as `service.name`.
    package init(resource attributes: [String: String]) {
        var writer = ProtobufWriter()
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            writer.field(1) { Self.write(key, .string(value), to: &$0) }
        }
        resource = writer.bytes
        var scopeWriter = ProtobufWriter()
        scopeWriter.field(1, "swift-auth-signals")
        scope = scopeWriter.bytes
    }

    /// The body of an export request.
    package func request(_ spans: [FinishedSpan]) -> [UInt8] {
        var request = ProtobufWriter()
        request.field(1) { resourceSpans in
            resourceSpans.field(1, bytes: resource)
            resourceSpans.field(2) { scopeSpans in
                scopeSpans.field(1, bytes: scope)
                for span in spans { scopeSpans.field(2) { Self.write(span, to: &$0) } }
            }
        }
        return request.bytes
    }

    private static func write(_ span: FinishedSpan, to writer: inout ProtobufWriter) {
        writeIDs(of: span.context, to: &writer)
        if let state = span.context.state { writer.field(3, state) }
        if let parent = span.parent { writer.field(4, bytes: parent.spanID.bytes) }
        writer.field(5, span.name)
        writer.field(6, varint: number(of: span.kind))
        writer.field(7, fixed64: span.start)
        writer.field(8, fixed64: span.end)
        write(span.attributes, field: 9, to: &writer)
        for event in span.events {
            writer.field(11) { message in
                message.field(1, fixed64: event.nanosecondsSinceEpoch)
                message.field(2, event.name)
                write(event.attributes, field: 3, to: &message)
            }
        }
        for link in span.links {
            guard let context = link.context.traceContext else { continue }
            writer.field(13) { message in
                writeIDs(of: context, to: &message)
                if let state = context.state { message.field(3, state) }
                write(link.attributes, field: 4, to: &message)
                message.field(6, fixed32: flags(of: context, isRemote: context.isRemote))
            }
        }
        if let status = span.status {
            writer.field(15) { message in
                if let text = status.message { message.field(2, text) }
                message.field(3, varint: status.code == .error ? 2 : 1)
            }
        }
        writer.field(16, fixed32: flags(of: span.context, isRemote: span.parent?.isRemote ?? false))
    }

    private static func writeIDs(of context: TraceContext, to writer: inout ProtobufWriter) {
        writer.field(1, bytes: context.traceID.high.bytes + context.traceID.low.bytes)
        writer.field(2, bytes: context.spanID.bytes)
    }

    /// W3C's flags, and two bits that say whether the parent, or the linked span, is of another process.
    private static func flags(of context: TraceContext, isRemote: Bool) -> UInt32 {
        (context.isSampled ? 1 : 0) | 0x100 | (isRemote ? 0x200 : 0)
    }

    private static func number(of kind: SpanKind) -> UInt64 {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    // MARK: Attributes

    private static func write(_ attributes: SpanAttributes, field: UInt64, to writer: inout ProtobufWriter) {
        // Sorted, so that equal spans have equal bytes.
        var sorted: [(key: String, value: SpanAttribute)] = []
        attributes.forEach { sorted.append(($0, $1)) }
        sorted.sort { $0.key < $1.key }
        for (key, value) in sorted { writer.field(field) { write(key, value, to: &$0) } }
    }

    private static func write(_ key: String, _ value: SpanAttribute, to writer: inout ProtobufWriter) {
        writer.field(1, key)
        writer.field(2) { write(value, to: &$0) }
    }

    /// An `AnyValue`.
    private static func write(_ value: SpanAttribute, to writer: inout ProtobufWriter) {
        switch value {
        case .string(let text): writer.field(1, text)
        case .bool(let flag): writer.field(2, varint: flag ? 1 : 0)
        case .int32(let number): writer.field(3, varint: UInt64(bitPattern: Int64(number)))
        case .int64(let number): writer.field(3, varint: UInt64(bitPattern: number))
        case .double(let number): writer.field(4, fixed64: number.bitPattern)
        case .stringConvertible(let text): writer.field(1, "\(text)")
        case .stringArray(let texts): write(texts.map { .string($0) }, to: &writer)
        case .boolArray(let flags): write(flags.map { .bool($0) }, to: &writer)
        case .int32Array(let numbers): write(numbers.map { .int32($0) }, to: &writer)
        case .int64Array(let numbers): write(numbers.map { .int64($0) }, to: &writer)
        case .doubleArray(let numbers): write(numbers.map { .double($0) }, to: &writer)
        case .stringConvertibleArray(let texts): write(texts.map { .string("\($0)") }, to: &writer)
        default: break
        }
    }

    /// An `AnyValue` that is an `ArrayValue`.
    private static func write(_ values: [SpanAttribute], to writer: inout ProtobufWriter) {
        writer.field(5) { array in
            for value in values { array.field(1) { write(value, to: &$0) } }
        }
    }
}
