// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import InMemoryLogging
import Logging
import Testing

@Suite("Request data in signals and logs")
struct RequestTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test func `signals of one request share an id made by the server, the client and the address`()
        async throws
    {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.app(.live) { app in
            let claims = [
                "X-Request-ID": "01a20874-0000-7000-8000-000000000000", "User-Agent": "Tests/1",
                "X-Forwarded-For": "203.0.113.9",
            ]
            let reply = try await app.send(.post, "auth/signup", ada, claims)
            #expect(reply.status == 200)
        }
        let requests = try await server.drafts().map {
            try JSONDecoder().decode(JSONValue.self, from: $0.data)["request"]
        }
        #expect(requests.count == 2)
        #expect(Set(requests).count == 1)
        let request = try #require(requests.first ?? nil)
        let id = try #require(request["id"]?.string)
        #expect(id.dropFirst(14).first == "7")
        #expect(id != "01a20874-0000-7000-8000-000000000000")
        #expect(request["client"] == "app")
        #expect(request["ip"] == "127.0.0.1")
        #expect(request["user_agent"] == "Tests/1")
    }

    @Test func `the routes can be mounted on any context`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        let router = Router()
        AuthRoutes(accounts: server.accounts, settings: server.settings).addRoutes(
            to: router.group("/x"))
        try await Application(router: router, logger: .quiet).test(.router) { client in
            let body = ByteBuffer(bytes: try JSONEncoder().encode(ada))
            let reply = try await client.executeRequest(
                uri: "/x/_allauth/app/v1/auth/signup", method: .post, headers: [:], body: body)
            #expect(reply.status == .ok)
        }
    }

    @Test func `a log line contains route and request id, but no secret, address or query`() async throws {
        let handler = InMemoryLogHandler()
        let server = try TestServer(logger: Logger(label: "test") { _ in handler }) {
            $0.emailVerification = .mandatory
        }
        try await server.run(.live) { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            let key = try await server.newestMailed("url")
            for path in ["/accounts/confirm-email/\(key)?email=ada@example.org", "/unknown/ada@example.org"] {
                _ = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            }
            _ = try await app.post("auth/email/verify", ["key": .string(key)])
            _ = try await app.post("auth/login", ada)

            let lines = handler.entries.filter { $0.level > .debug }.map { "\($0.message) \($0.metadata)" }
            #expect(lines.contains { $0.contains("/accounts/confirm-email/{key}") && $0.contains("200") })
            #expect(lines.contains { $0.contains("/_allauth/app/v1/auth/signup") && $0.contains("401") })
            let signals = try await server.drafts()
            let requests = handler.entries.filter { "\($0.message)" == "request" }
            #expect(
                requests.contains {
                    $0.metadata["hb.request.id"] == .string(signals[0].correlationID.wireText)
                })
            // The log line has no second id.
            let keys: Set = ["hb.request.id", "method", "route", "status", "milliseconds"]
            #expect(requests.allSatisfy { Set($0.metadata.keys) == keys })
            for secret in ["Sup3r-Secret-x9", key, try #require(app.token), "example.org", "127.0.0.1"] {
                #expect(!lines.contains { $0.contains(secret) && !$0.contains("listening") })
            }
        }
    }
}
