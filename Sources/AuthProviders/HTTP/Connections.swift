// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import Synchronization

/// The HTTP client behind a ``ProviderClient``, made with the first request: an HTTPClient that was made must be
/// shut down, which a process that fails while it starts never comes to.
final class Connections: Sendable {
    private enum State {
        case unused
        case open(HTTPClient)
        case ended
    }

    private let limits: ProviderClient.Limits
    private let state = Mutex(State.unused)

    init(_ limits: ProviderClient.Limits) { self.limits = limits }

    /// Nil after the end.
    var client: HTTPClient? {
        state.withLock { state in
            switch state {
            case .open(let client): return client
            case .ended: return nil
            case .unused:
                let client = make()
                state = .open(client)
                return client
            }
        }
    }

    /// - Returns: what is to be shut down.
    func end() -> HTTPClient? {
        state.withLock { state in
            defer { state = .ended }
            if case .open(let client) = state { return client }
            return nil
        }
    }

    private func make() -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // Nothing is asked to be compressed, so that a small answer cannot grow when it is read.
        configuration.decompression = .disabled
        configuration.timeout.connect = .nanoseconds(limits.timeout.nanoseconds)
        // Who is down, or has a certificate that nobody vouches for, is told at once and by its cause.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
