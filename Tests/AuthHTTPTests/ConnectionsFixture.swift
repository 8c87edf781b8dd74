// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation
import Testing

/// The server `http` of `Fixtures/servers.py`, and connections to it.
struct ConnectionsFixture: Sendable {
    let server: FixtureServer
    let connections: HTTPConnections

    /// Serves while `body` runs, and shuts the connections down.
    static func serving(_ body: (ConnectionsFixture) async throws -> Void) async throws {
        try await FixtureServer.serving(["http"]) { server in
            let connections = HTTPConnections(connectTimeout: .seconds(30))
            do {
                try await body(ConnectionsFixture(server: server, connections: connections))
                await connections.shutdown()
            } catch {
                await connections.shutdown()
                throw error
            }
        }
    }

    func request(_ path: String, timeout: Duration = .seconds(60)) throws -> OutgoingRequest {
        OutgoingRequest(
            try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)")), timeout: timeout)
    }

    func send(_ request: OutgoingRequest) async throws(HTTPFault) -> OutgoingResponse {
        try await connections.send(request)
    }

    /// The fault of a request; nil if a response arrives.
    func fault(_ request: OutgoingRequest) async -> HTTPFault? {
        do {
            _ = try await connections.send(request)
            return nil
        } catch {
            return error
        }
    }

    /// How many connections the server has accepted, of those that were printed so far.
    var accepted: Int { server.requests.filter { $0 == "accepted" }.count }
}
