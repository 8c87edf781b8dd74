// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// The HTTP clients of one part of a process: one that goes straight to the servers, one that goes through the proxy.
///
/// Each is made with the first request that needs it: an `HTTPClient` that was made must be shut down, which a process
/// that fails while it starts never comes to. Neither follows redirects nor asks for compressed answers, and a
/// connection that cannot be made fails at once, with its cause (``HTTPFault``).
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

    /// The client for requests to an address; nil after ``shutdown()``.
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

    /// Names the cause of an error that a client has thrown for a request to an address.
    public func fault(_ error: any Error, for url: URL) -> HTTPFault {
        HTTPFault(error, isProxied: outgoing.proxy(for: url) != nil)
    }

    /// Ends the clients: requests in flight fail, and no more are made.
    public func shutdown() async {
        let clients = state.withLock { state in
            defer { state = State(hasEnded: true) }
            return [state.direct, state.proxied].compactMap(\.self)
        }
        // It throws only if it was ended before.
        for client in clients { try? await client.shutdown() }
    }

    private func make(_ proxy: HTTPProxy?) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // Nothing is asked to be compressed, so that a small answer cannot grow when it is read.
        configuration.decompression = .disabled
        configuration.timeout.connect = .nanoseconds(connectTimeout.nanoseconds)
        // A server that is down, or that has a certificate of an unknown authority, is reported at once.
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
    /// At most what 64 bits hold.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : whole &+ attoseconds / 1_000_000_000
    }
}
