// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
package import Hummingbird
import ServiceLifecycle

/// How a test sends its requests.
package enum TestingSetup: Hashable, Sendable {
    /// To the application's responder, without a socket; the application's services do not run.
    case router
    /// Over HTTP to the application, which runs on a free port of 127.0.0.1 during the test.
    case live
}

extension Application {
    /// Sends requests to the application.
    ///
    /// ```swift
    /// try await Application(router: router).test(.router) { client in
    ///     try await client.execute(uri: "/livez", method: .get) { #expect($0.status == .ok) }
    /// }
    /// ```
    ///
    /// - Returns: what the closure returns.
    package func test<Value: Sendable>(
        _ setup: TestingSetup, _ test: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        switch setup {
        case .router: try await test(ResponderClient(responder: responder, logger: logger))
        case .live: try await serve(test)
        }
    }

    /// Runs the application until the closure has ended.
    private func serve<Value: Sendable>(
        _ test: @Sendable (any TestClientProtocol) async throws -> Value
    ) async throws -> Value {
        let (ports, listening) = AsyncStream<Int>.makeStream()
        var configuration = configuration
        configuration.address = .hostname("127.0.0.1", port: 0)
        let application = Application(
            responder: responder, server: server, configuration: configuration, services: services,
            onServerRunning: { channel in
                await onServerRunning(channel)
                if let port = channel.localAddress?.port { listening.yield(port) }
                listening.finish()
            }, eventLoopGroupProvider: .shared(eventLoopGroup), logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw TestError.notListening
            }
            let connections = HTTPConnections(connectTimeout: .seconds(20))
            let result: Result<Value, any Error>
            do {
                result = .success(
                    try await test(LiveClient(listeningPort: port, connections: connections)))
            } catch {
                result = .failure(error)
            }
            await connections.shutdown()
            await group.triggerGracefulShutdown()
            return try result.get()
        }
    }
}
