// SPDX-License-Identifier: Apache-2.0
import AuthServer
import Hummingbird
import ServerTesting
import InMemoryTracing
import Testing
import Tracing

@Suite("The spans of requests") struct TraceMiddlewareTests {
    private let tracer = InMemoryTracer()

    /// Sends one request and returns its span, or nil if there is none.
    private func span(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], tracer: (any Tracer)? = nil
    ) async throws -> FinishedInMemorySpan? {
        let router = Router(context: BasicAuthRequestContext.self)
        router.add(middleware: TraceMiddleware(tracer: tracer ?? self.tracer))
        router.get("/accounts/confirm-email/{key}") { _, _ in
            #expect(tracer != nil || ServiceContext.current?.inMemorySpanContext != nil)
            return "confirmed"
        }
        router.post("/broken") { _, _ -> String in throw Broken() }
        router.post("/refused") { _, _ -> String in throw HTTPError(.conflict) }
        try await Application(router: router, logger: .quiet).test(.router) { client in
            _ = try await client.executeRequest(uri: path, method: method, headers: headers, body: nil)
        }
        #expect(self.tracer.finishedSpans.count <= 1)
        return self.tracer.finishedSpans.first
    }

    private struct Broken: Error {}

    @Test func `a span has the route's pattern, and neither path nor query`() async throws {
        let span = try #require(try await span(.get, "/accounts/confirm-email/s3cret-key?code=s3cret"))
        #expect(span.operationName == "GET /accounts/confirm-email/{key}")
        #expect(span.kind == .server && span.status == nil && span.parentSpanID == nil)
        #expect(
            span.attributes["http.route"]?.toSpanAttribute() == .string("/accounts/confirm-email/{key}"))
        #expect(span.attributes["http.request.method"]?.toSpanAttribute() == .string("GET"))
        #expect(span.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
        span.attributes.forEach { #expect(!"\($1)".contains("s3cret"), "\($0)") }
    }

    @Test func `continues the caller's trace`() async throws {
        var headers = HTTPFields()
        for (name, value) in [(InMemoryTracer.traceIDKey, "a"), (InMemoryTracer.spanIDKey, "b")] {
            let name = try #require(HTTPFields.Element.Name(name))
            headers[name] = value
        }
        let span = try #require(try await span(.get, "/accounts/confirm-email/k", headers: headers))
        #expect(span.traceID == "a" && span.parentSpanID == "b")
    }

    @Test func `an error is one of the server or of the client`() async throws {
        let broken = try #require(try await span(.post, "/broken"))
        #expect(broken.status?.code == .error)
        #expect(broken.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(500))
        tracer.clearFinishedSpans()
        let refused = try #require(try await span(.post, "/refused"))
        #expect(refused.status == nil)
        #expect(refused.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(409))
    }

    @Test func `an unknown path and an invented method do not become names of spans`() async throws {
        #expect(try await span(.get, "/some/s3cret")?.operationName == "GET")
        tracer.clearFinishedSpans()
        let method = try #require(HTTPRequest.Method("INVENTED"))
        let span = try #require(try await span(method, "/some"))
        #expect(span.operationName == "HTTP")
        #expect(span.attributes["http.request.method"]?.toSpanAttribute() == .string("_OTHER"))
    }

    @Test func `without a tracer a request is only passed on`() async throws {
        #expect(try await span(.get, "/accounts/confirm-email/k", tracer: NoOpTracer()) == nil)
    }
}
