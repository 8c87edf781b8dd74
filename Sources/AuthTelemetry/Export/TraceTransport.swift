// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation

/// Sends encoded spans to a collector: a seam between the exporter and HTTP.
package protocol TraceTransport: Sendable {
    /// Sends one request and waits for its response.
    ///
    /// - Parameter timeout: how long that may take.
    func send(_ body: [UInt8], timeout: Duration) async -> TraceResponse

    /// Closes connections. No request follows.
    func close() async
}

/// A collector's response, or why there was none.
package enum TraceResponse: Hashable, Sendable {
    /// - `retryAfter`: the header `Retry-After`.
    case status(Int, retryAfter: Duration?)
    /// No response, with a reason that contains no part of the request.
    case none(String)
}

/// OTLP over HTTP with a binary Protocol Buffers body.
struct HTTPTraceTransport: TraceTransport {
    private let settings: TraceSettings
    private let connections: HTTPConnections

    /// The longest response body that is read, so that the connection is used again. A longer one is not an error.
    private static let longestResponse = 64 * 1024

    init(_ settings: TraceSettings) {
        self.settings = settings
        connections = HTTPConnections(settings.outgoing, connectTimeout: settings.timeout)
    }

    func send(_ body: [UInt8], timeout: Duration) async -> TraceResponse {
        var request = OutgoingRequest("POST", settings.endpoint, timeout: timeout)
        request.headers = [("User-Agent", "swift-auth-signals")]
        for (name, value) in settings.headers { request.headers.append((name, value)) }
        request.setHeader("Content-Type", to: "application/x-protobuf")
        request.body = body
        request.responseBody = .ignored(upTo: Self.longestResponse)
        do {
            let response = try await connections.send(request)
            return .status(
                response.status,
                retryAfter: response.header("Retry-After").flatMap { RetryAfter.delay($0, at: Date()) })
        } catch {
            return .none(error.cause == .shutDown ? "the process is stopping" : "\(error)")
        }
    }

    func close() async { await connections.shutdown() }
}
