// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Hummingbird
import ServerTesting
import Testing

@Suite("Routes of an application")
struct AuthMiddlewareTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    private func run(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        let router = Router(context: BasicAuthRequestContext.self)
        router.add(middleware: AuthMiddleware(accounts: server.accounts, settings: server.settings))
        AuthRoutes(accounts: server.accounts, settings: server.settings).addRoutes(to: router)
        router.get("me") { _, context in try context.requireIdentity().email ?? "" }
        router.post("me") { _, context in try context.requireIdentity().email ?? "" }
        router.get("hello") { _, context in context.identity == nil ? "stranger" : "friend" }
        try await Application(router: router, logger: .quiet).test(.router, test)
    }

    @Test func `a token in the header identifies the user`() async throws {
        try await run { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            let shown: HTTPFields = [HeaderName("X-Session-Token")!: app.token ?? ""]
            let me = try await client.executeRequest(uri: "/me", method: .post, headers: shown, body: nil)
            #expect(String(buffer: me.body) == "ada@example.org")
            let wrong: HTTPFields = [HeaderName("X-Session-Token")!: "wrong"]
            #expect(
                try await client.executeRequest(uri: "/me", method: .get, headers: wrong, body: nil).status
                    == .unauthorized)
            let stranger = try await client.executeRequest(
                uri: "/hello", method: .get, headers: [:], body: nil)
            #expect(String(buffer: stranger.body) == "stranger")
        }
    }

    @Test func `a browser's cookie identifies the user, with its CSRF token for unsafe methods`()
        async throws
    {
        try await run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", ada)
            #expect(try await browser.raw(.get, "/me").status == .ok)
            #expect(try await browser.raw(.post, "/me").status == .unauthorized)
            let proven: HTTPFields = [HeaderName("X-CSRFToken")!: browser.csrf ?? ""]
            #expect(try await browser.raw(.post, "/me", proven).status == .ok)
            var foreign = proven
            foreign[.origin] = "https://evil.example"
            #expect(try await browser.raw(.post, "/me", foreign).status == .unauthorized)
        }
    }
}
