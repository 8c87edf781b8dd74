// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// The HTTP clients of one part of a process: one that connects to servers directly, one that uses the proxy.
///
/// Each is created with the first request that needs it: an `HTTPClient` must be shut down, which a process that fails
/// during start-up never does. Neither follows redirects or requests compressed responses, and a connection that cannot
/// be established fails immediately, with its cause (``HTTPFault``).
public final class HTTPConnections: Sendable {
    private struct State {
        var direct: HTTPClient?
        var proxied: HTTPClient?
        var hasEnded = false
    }

    private let outgoing: OutgoingHTTP
    private let connectTimeout: Duration
    private let state = Mutex(State())

    /// - Parameter connectTimeout: for connecting to one address; more than zero.
    public init(_ outgoing: OutgoingHTTP = OutgoingHTTP(), connectTimeout: Duration) {
        self.outgoing = outgoing
        self.connectTimeout = connectTimeout
    }

    /// The client for requests to a URL; nil after ``shutdown()``.
    public func client(for url: URL) -> HTTPClient? {
        let proxy = outgoing.proxy(for: url)
        return state.withLock { state in
            if state.hasEnded { return nil }
            if let client = proxy == nil ? state.direct : state.proxied { return client }
            let client = make(proxy)
            if proxy == nil { state.direct = client } else { state.proxied = client }
            return client
        }
    }

    /// The cause of an error that a client has thrown for a request to a URL.
    public func fault(_ error: any Error, for url: URL) -> HTTPFault {
        HTTPFault(error, isProxied: outgoing.proxy(for: url) != nil)
    }

    /// Shuts the clients down: requests in flight fail, and ``client(for:)`` returns nil from now on.
    public func shutdown() async {
        let clients = state.withLock { state in
            defer { state = State(hasEnded: true) }
            return [state.direct, state.proxied].compactMap(\.self)
        }
        // It throws only if the client was already shut down.
        for client in clients { try? await client.shutdown() }
    }

    private func make(_ proxy: HTTPProxy?) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // Compression is not requested, so that a small response cannot expand when it is decoded.
        configuration.decompression = .disabled
        configuration.timeout.connect = .nanoseconds(connectTimeout.nanoseconds)
        // A server that is down, or whose certificate is from an unknown authority, is reported immediately.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let file = outgoing.authoritiesFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(file)
            configuration.tlsConfiguration = tls
        }
        configuration.proxy = proxy.map { proxy in
            let authorization = proxy.user.map { user in
                HTTPClient.Authorization.basic(username: user, password: proxy.password ?? "")
            }
            return authorization.map { .server(host: proxy.host, port: proxy.port, authorization: $0) }
                ?? .server(host: proxy.host, port: proxy.port)
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to `Int64.max`.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ attoseconds / 1_000_000_000
    }
}
