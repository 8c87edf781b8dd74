// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTelemetry
import Foundation
import Testing
import ToolSupport
import Tracing

/// Compares the encoder with OpenTelemetry's published classes, in Python.
@Suite("OTLP's protobuf encoding") struct OTLPEncoderTests {
    private static let script =
        Repository.root.appending(path: "Tests/AuthTelemetryTests/Fixtures/otlp_collector.py").path

    /// The spans as the published classes decode them, which also check that encoding them again gives the same bytes.
    private static func decoded(_ spans: [FinishedSpan], resource: [String: String] = [:]) async throws
        -> [JSONValue]
    {
        let body = OTLPEncoder(resource: resource).request(spans)
        let lines = try await Tool.run("python3", ["-B", script, "decode"], input: Data(body))
        return try lines.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0))
        }
    }

    @Test func `a span with everything is decoded by OpenTelemetry's classes`() async throws {
        let trace = (UInt64(0x0af7_6519_16cd_43dd), UInt64(0x8448_eb21_1c80_319c))
        var span = FinishedSpan(
            context: TraceContext(traceID: trace, spanID: 0xb7, isSampled: true, state: "a=1,b=2"),
            parent: TraceContext(
                traceID: trace, spanID: 0xff00_0000_0000_0001, isSampled: true, isRemote: true),
            name: "POST /accounts/lögin", kind: .server, start: 1_800_000_000_000_000_001,
            end: 1_800_000_000_000_000_500)
        span.attributes = [
            "text": "ü", "empty": "", "yes": true, "no": false, "whole": .int64(-3), "zero": .int32(0),
            "large": .int64(.max), "fraction": 0.25, "texts": .stringArray(["a", "b"]),
            "numbers": .int64Array([1, -1]), "flags": .boolArray([true, false]), "none": .stringArray([]),
        ]
        span.events = [SpanEvent(name: "exception", attributes: ["exception.type": "Broken"])]
        var linked = ServiceContext.topLevel
        linked.traceContext = TraceContext(traceID: (1, 2), spanID: 3, isSampled: false, isRemote: true)
        span.links = [SpanLink(context: linked, attributes: ["a": "b"])]
        span.status = SpanStatus(code: .error, message: "refused")

        let decoded = try await Self.decoded([span], resource: ["service.name": "auth-signals", "a": "b"])
        let one = try #require(decoded.first)
        #expect(decoded.count == 1)
        #expect(one["resource"]?["service.name"]?.string == "auth-signals")
        #expect(one["resource"]?["a"]?.string == "b")
        #expect(one["scope"]?.string == "swift-auth-signals")
        #expect(one["trace"]?.string == "0af7651916cd43dd8448eb211c80319c")
        #expect(one["id"]?.string == "00000000000000b7")
        #expect(one["parent"]?.string == "ff00000000000001")
        #expect(one["state"]?.string == "a=1,b=2")
        #expect(one["name"]?.string == "POST /accounts/lögin")
        #expect(one["kind"]?.string == "SPAN_KIND_SERVER")
        #expect(one["start"] == (try JSON("1800000000000000001")))
        #expect(one["end"] == (try JSON("1800000000000000500")))
        #expect(
            one["attributes"]
                == (try JSON(
                    """
                    {"text": "ü", "empty": "", "yes": true, "no": false, "whole": -3, "zero": 0,
                     "large": 9223372036854775807, "fraction": 0.25, "texts": ["a", "b"], "numbers": [1, -1],
                     "flags": [true, false], "none": []}
                    """)))
        #expect(one["status"]?.string == "STATUS_CODE_ERROR")
        #expect(one["message"]?.string == "refused")
        #expect(one["flags"] == (try JSON("\(0x301)")))
        #expect(
            one["links"]
                == (try JSON(
                    """
                    [{"trace": "00000000000000010000000000000002", "id": "0000000000000003", "flags": 768}]
                    """)))
        guard case .array(let events)? = one["events"] else { throw Undecoded() }
        #expect(events.first?["attributes"]?["exception.type"]?.string == "Broken")
    }

    @Test func `every kind of span has its number`() async throws {
        let kinds: [SpanKind] = [.internal, .server, .client, .producer, .consumer]
        let spans = kinds.map { kind in
            var span = FinishedSpan.sample()
            span.kind = kind
            return span
        }
        #expect(
            try await Self.decoded(spans).map { $0["kind"]?.string } == [
                "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER",
                "SPAN_KIND_CONSUMER",
            ])
    }

    @Test func `a batch of 512 spans keeps their order`() async throws {
        let spans = (0..<512).map { FinishedSpan.sample("span \($0)") }
        #expect(try await Self.decoded(spans).map { $0["name"]?.string } == spans.map(\.name))
    }

    private struct Undecoded: Error {}

    private func JSON(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }
}
