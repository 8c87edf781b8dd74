// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// A real HTTP server on loopback with handlers set by the test.
final class LoopbackServer: Sendable {
    typealias Handler = @Sendable (Received) async throws -> Response

    /// A received request.
    struct Received: Sendable {
        var method: String
        var path: String
        var query: [String: String]
        var headers: [String: String]
        var form: [String: String]
        /// The unparsed body.
        var body: String
    }

    private struct State {
        var handlers: [String: Handler] = [:]
        var received: [Received] = []
        var port = 0
    }
    private let state = Mutex(State())
    private let gate = AsyncStream<Never>.makeStream()

    private init() {}

    /// Serves while `body` runs and until the last response is sent.
    static func serving(_ body: @escaping @Sendable (LoopbackServer) async throws -> Void) async throws {
        let server = LoopbackServer()
        let running = AsyncStream<Int>.makeStream()
        var logger = Logger(label: "loopback")
        logger.logLevel = .critical
        let application = Application(
            router: server.router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                running.continuation.yield(channel.localAddress?.port ?? 0)
                running.continuation.finish()
            }, logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in running.stream { server.state.withLock { $0.port = port } }
            do {
                try await body(server)
            } catch {
                server.gate.continuation.finish()
                await group.triggerGracefulShutdown()
                throw error
            }
            server.gate.continuation.finish()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    var origin: String { "http://127.0.0.1:\(state.withLock { $0.port })" }

    func url(_ path: String) -> URL { URL(string: origin + path)! }

    /// Sets the handler of a path.
    func on(_ path: String, _ handler: @escaping Handler) {
        state.withLock { $0.handlers[path] = handler }
    }

    /// The requests received at a path.
    func received(_ path: String) -> [Received] {
        state.withLock { $0.received.filter { $0.path == path } }
    }

    /// Returns when the test ends: for handlers that must not respond.
    func untilTheEnd() async { for await _ in gate.stream {} }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        let respond: @Sendable (Request, BasicRequestContext) async throws -> Response = { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let isForm = request.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true
            let received = Received(
                method: request.method.rawValue, path: request.uri.path,
                query: Dictionary(
                    request.uri.queryParameters.map { (String($0.key), String($0.value)) },
                    uniquingKeysWith: { $1 }),
                headers: Dictionary(
                    request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { $1 }),
                form: isForm ? Self.members(String(buffer: body)) : [:], body: String(buffer: body))
            let handler = self.state.withLock { state in
                state.received.append(received)
                return state.handlers[received.path]
            }
            return try await handler?(received) ?? Response(status: .notFound)
        }
        router.get("**", use: respond)
        router.post("**", use: respond)
        return router
    }

    private static func members(_ form: String) -> [String: String] {
        var parts = URLComponents()
        parts.percentEncodedQuery = form.replacing("+", with: "%20")
        return Dictionary(
            (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 })
    }
}

extension Response {
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
