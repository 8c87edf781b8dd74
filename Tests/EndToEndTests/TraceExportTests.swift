// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension EndToEnd {
    @Suite("Traces that leave the processes")
    struct TraceExportTests {
        private static let trace = "0af7651916cd43dd8448eb211c80319c"
        private static let caller = "b7ad6b7169203331"

        /// Signs up with a `traceparent`.
        private static func signUp(_ server: Server) async throws {
            var request = URLRequest(
                url: try #require(URL(string: server.base + "/_allauth/app/v1/auth/signup")))
            request.httpMethod = "POST"
            request.httpBody = try JSONEncoder().encode(Installation.ada)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.setValue("00-\(trace)-\(caller)-01", forHTTPHeaderField: "traceparent")
            let (_, response) = try await URLSession.shared.data(for: request)
            #expect((response as? HTTPURLResponse)?.statusCode == 200)
        }

        @Test func `one trace leads from the request through commit, publish and delivery to the handler`()
            async throws
        {
            let collector = try await OTLPCollector()
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: collector.settings)
            let worker = try await installation.consume(queue: "traced")
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            let relay = try Program("auth-signals", ["relay"], environment: installation.environment)
            try await Self.signUp(server)
            #expect(try await Answer("GET", server.base + "/livez").status == 200)
            let handled = try await worker.handled(atLeast: 2)
            // Each process exports what is left when it stops.
            for program in [server.program, relay, worker.program] { try await program.stop() }
            let all = try await collector.spans()
            let spans = all.filter { $0.trace == Self.trace }

            let request = try #require(spans.first { $0.kind == "SPAN_KIND_SERVER" })
            #expect(request.parent == Self.caller)
            let route = try #require(request.attributes["http.route"]?.string)
            #expect(route.hasSuffix("/auth/signup"))
            #expect(request.name == "POST \(route)")
            #expect(request.attributes["http.response.status_code"] == .integer(200))

            let commits = Set(spans.filter { $0.name == "commit" && $0.parent == request.id }.map(\.id))
            #expect(!commits.isEmpty)
            let exchange = try installation.broker.exchange
            let published = spans.filter { $0.name == "publish \(exchange)" }
            let delivered = spans.filter { $0.name == "process \(installation.name(of: "traced"))" }
            for signal in handled {
                let id: JSONValue = .string(signal.id)
                let publish = try #require(published.first { $0.attributes["messaging.message.id"] == id })
                #expect(publish.kind == "SPAN_KIND_PRODUCER" && commits.contains(publish.parent))
                let delivery = try #require(delivered.first { $0.attributes["messaging.message.id"] == id })
                #expect(delivery.kind == "SPAN_KIND_CONSUMER" && commits.contains(delivery.parent))
                let handler = try #require(
                    spans.first { $0.name == "handle \(signal.signal)" && $0.parent == delivery.id })
                #expect(handler.attributes["auth.handler"]?.string == "log")
                #expect(handler.service == "auth-consumer" && delivery.service == "auth-consumer")
                #expect(publish.service == "auth-signals" && request.service == "auth-signals")
                #expect(Set([request, publish, delivery].map(\.instance)).count == 3)
            }
            // The chain is whole: the parent of every span was exported, too.
            let known = Set(spans.map(\.id)).union([Self.caller])
            #expect(spans.filter { !known.contains($0.parent) }.map(\.name) == [])

            #expect(!all.contains { $0.name.contains("livez") || $0.name.contains("readyz") })
            for name in Installation.ada.values {
                #expect(!collector.program.output.contains(name))
            }
            #expect(all.allSatisfy { $0.key == "s e-c,ret" })
            for log in [server.program.log, relay.log, worker.program.log] {
                #expect(!log.contains("s e-c,ret") && !log.contains("s%20e-c"))
            }
        }

        @Test func `an absent collector disturbs nothing and is logged once`() async throws {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: [
                    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
                    "OTEL_EXPORTER_OTLP_TIMEOUT": "200", "OTEL_BSP_SCHEDULE_DELAY": "20",
                ])
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            func warnings() -> Int {
                server.program.log.components(separatedBy: "traces cannot be exported").count - 1
            }
            try await Self.signUp(server)
            try await eventually("the failure is logged") { warnings() == 1 }
            for _ in 0..<3 { _ = try await server.call("GET", "/auth/session") }
            let start = ContinuousClock.now
            server.program.send(SIGTERM)
            #expect(try await server.program.exitCode() == 0)
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(warnings() == 1)
        }

        @Test func `a collector that is not ready yet gets the spans a moment later`() async throws {
            let collector = try await OTLPCollector(refusing: ["503", "429"])
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: collector.settings)
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            try await Self.signUp(server)
            try await eventually("the spans have arrived: \(server.program.log)") {
                try await collector.spans().contains { $0.trace == Self.trace && $0.name == "commit" }
            }
            #expect(!server.program.log.contains("traces cannot be exported"))
            try await server.program.stop()
        }

        @Test func `a protocol that is not supported is a fault, and unknown variables are not`() async throws
        {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_LOG_LEVEL": "debug"])
            try await installation.operate(["migrate"])
            let refused = try await installation.operate(
                ["migrate"], settings: ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"], code: 2)
            #expect(refused.log.contains("OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf"))
            #expect(!refused.log.contains("OTEL_LOG_LEVEL"))
        }
    }
}

/// A running collector, whose decoding is that of OpenTelemetry's published classes.
private struct OTLPCollector {
    /// A span as it was received.
    struct Span: Decodable {
        var trace: String
        var id: String
        var parent: String
        var name: String
        var kind: String
        var attributes: [String: JSONValue]
        var resource: [String: JSONValue]
        /// The request's header `X-Key`.
        var key: String?

        var service: String? { resource["service.name"]?.string }
        var instance: String? { resource["service.instance.id"]?.string }
    }

    let program: Program
    private let port: Int

    /// - Parameter refusing: the statuses of the first responses.
    init(refusing statuses: [String] = []) async throws {
        let script = Repository.root.appending(path: "Tests/AuthTelemetryTests/Fixtures/otlp_collector.py")
        let program = try Program(
            TestTools.python(), ["-B", script.path, "serve"] + statuses, environment: [:])
        port = try await eventualValue("the collector listens: \(program.log)") {
            try program.checkIsAlive()
            return program.lines.first.flatMap { Int($0) }
        }
        self.program = program
    }

    /// The settings of a process that exports to it.
    var settings: [String: String] {
        [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(port)",
            "OTEL_EXPORTER_OTLP_HEADERS": "X-Key=s%20e-c%2Cret", "OTEL_BSP_SCHEDULE_DELAY": "100",
        ]
    }

    /// The spans received so far.
    func spans() async throws -> [Span] {
        try program.checkIsAlive()
        #expect(!program.log.contains("ValueError"), "\(program.log)")
        // The last line may be incomplete.
        let lines = program.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return try lines.dropFirst().filter { !$0.isEmpty }.map {
            try JSONDecoder().decode(Span.self, from: Data($0.utf8))
        }
    }
}
