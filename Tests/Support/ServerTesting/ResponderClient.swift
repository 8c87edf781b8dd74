// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import Logging
import NIOEmbedded
import Synchronization

/// Calls an application's responder directly: without a socket, an HTTP parser or the address of a peer.
struct ResponderClient<Responder: HTTPResponder>: TestClientProtocol
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let responder: Responder
    let logger: Logger

    var port: Int? { nil }

    func executeRequest(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> TestResponse {
        var headers = headers
        if let body { headers[.contentLength] = String(body.readableBytes) }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "localhost", path: uri, headerFields: headers),
            body: RequestBody(asyncSequence: Self.parts(of: body)))
        var logger = logger
        // `RequestContext.id` reads it.
        logger[metadataKey: "hb.request.id"] = .string(UUID().uuidString)
        let context = Responder.Context(
            source: ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: logger))
        let response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch {
            // As the application does.
            response = Response(status: .internalServerError)
        }
        let collected = CollectedBody()
        try await response.body.write(collected)
        return TestResponse(status: response.status, headers: response.headers, body: collected.bytes)
    }

    /// The body in parts of at most 32 KiB, as a socket delivers it.
    private static func parts(of body: ByteBuffer?) -> AsyncStream<ByteBuffer> {
        AsyncStream { parts in
            var rest = body ?? ByteBuffer()
            while let part = rest.readSlice(length: min(32 * 1024, rest.readableBytes)),
                part.readableBytes > 0
            {
                parts.yield(part)
            }
            parts.finish()
        }
    }
}

/// Collects what a response's body writes.
private final class CollectedBody: ResponseBodyWriter, Sendable {
    private let collected = Mutex(ByteBuffer())

    var bytes: ByteBuffer { collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws {
        collected.withLock { _ = $0.writeImmutableBuffer(buffer) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
