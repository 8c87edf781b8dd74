// SPDX-License-Identifier: Apache-2.0
public import Hummingbird
public import Tracing

/// Runs each request within a span, which continues the trace of the caller's `traceparent`.
///
/// The span names the method, the route's pattern and the status (OpenTelemetry's semantic conventions for HTTP). Unlike
/// Hummingbird's own middleware it records neither the path nor the query, which may contain keys, nor a header or the
/// client's address.
///
/// Without a tracer it only calls the next middleware.
public struct TraceMiddleware<Context: Hummingbird.RequestContext>: RouterMiddleware {
    private let tracer: (any Tracer)?

    /// - Parameter tracer: by default the process's, which must be installed before.
    public init(tracer: any Tracer = InstrumentationSystem.tracer) {
        self.tracer = tracer is NoOpTracer ? nil : tracer
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let tracer else { return try await next(request, context) }
        var caller = ServiceContext.topLevel
        tracer.extract(request.headers, into: &caller, using: HeaderExtractor())
        let method = Self.method(request)
        let span = tracer.startAnySpan(method ?? "HTTP", context: caller, ofKind: .server)
        defer { span.end() }
        span.attributes["http.request.method"] = method ?? "_OTHER"
        do {
            let response = try await ServiceContext.$current.withValue(span.context) {
                try await next(request, context)
            }
            Self.finish(span, method, context, response.status)
            return response
        } catch {
            Self.finish(
                span, method, context, (error as? any HTTPResponseError)?.status ?? .internalServerError)
            throw error
        }
    }

    private static func finish(
        _ span: any Span, _ method: String?, _ context: Context, _ status: HTTPResponse.Status
    ) {
        guard span.isRecording else { return }
        // A request without a route has the name of the responder instead of a pattern.
        if let route = context.endpointPath, route.hasPrefix("/") {
            span.operationName = "\(method ?? "HTTP") \(route)"
            span.attributes["http.route"] = route
        }
        span.attributes["http.response.status_code"] = status.code
        if status.code >= 500 {
            span.attributes["error.type"] = String(status.code)
            span.setStatus(SpanStatus(code: .error))
        }
    }

    /// The request's method; nil for one that HTTP does not define, since callers could invent any number of names.
    private static func method(_ request: Request) -> String? {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        return known.contains(request.method) ? request.method.rawValue : nil
    }
}

private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: HTTPFields) -> String? {
        HeaderName(key).flatMap { headers[$0] }
    }
}
