// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import AuthStore
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("A store that fails")
struct FailureTests {
    /// A store that can do nothing.
    struct FailingStore: AccountStore {
        var error: any Error

        func transaction<R: Sendable>(
            _ body: @escaping @Sendable (any AccountTransaction) throws -> R
        ) async throws -> R { throw error }

        func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R
        {
            throw error
        }
    }

    struct Fault: Error, CustomStringConvertible {
        var description: String { "ada@example.org is the matter" }
    }

    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test func `a full store is 503 and says when to try again`() async throws {
        let full = StoreError(.full, "the disk is full")
        try await TestServer(store: FailingStore(error: full)).run { client in
            let app = AppClient(client)
            let reply = try await app.post("auth/signup", ada)
            #expect(reply.status == 503)
            #expect(reply.body == ["status": 503])
            #expect(reply.headers[.retryAfter] == "30")
            let browser = BrowserClient(client)
            var page = try await browser.open("/accounts/password/reset")
            page.path = "/accounts/confirm-email/key"
            page = try await browser.press(page)
            #expect(page.status == .serviceUnavailable)
            #expect(page.headers[.retryAfter] == "30")
        }
    }

    @Test func `an application's own route is 503 too where it cannot be said who is calling`() async throws {
        let server = try TestServer(store: FailingStore(error: StoreError(.busy, "somebody else writes")))
        let router = Router(context: BasicAuthRequestContext.self)
        router.add(middleware: AuthMiddleware(accounts: server.accounts, configuration: server.configuration))
        router.get("me") { _, context in try context.requireIdentity().email ?? "" }
        try await Application(router: router, logger: .quiet).test(.router) { client in
            let shown: HTTPFields = [HeaderName("X-Session-Token")!: "token"]
            let reply = try await client.executeRequest(uri: "/me", method: .get, headers: shown, body: nil)
            #expect(reply.status == .serviceUnavailable)
            #expect(reply.headers[.retryAfter] == "1")
        }
    }

    @Test func `what passes not by itself is 500 and tells nothing of the cause`() async throws {
        try await TestServer(store: FailingStore(error: Fault())).run { client in
            let reply = try await AppClient(client).post("auth/signup", ada)
            #expect(reply.status == 500)
            #expect(reply.body == ["status": 500])
            let page = try await client.executeRequest(
                uri: "/accounts/confirm-email/key", method: .get, headers: [:], body: nil)
            #expect(page.status == .internalServerError)
            #expect(!String(buffer: page.body).contains("ada"))
        }
    }
}
