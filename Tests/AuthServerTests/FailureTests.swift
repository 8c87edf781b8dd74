// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Hummingbird
import ServerTesting
import InMemoryLogging
import Logging
import Testing

@Suite("Failing stores")
struct FailureTests {
    /// A store whose every call fails.
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
        var description: String { "failed for ada@example.org" }
    }

    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test func `a full store is 503 with Retry-After`() async throws {
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

    @Test func `a server that refuses the user or reports damage is 503, to be tried again after 30 seconds`()
        async throws
    {
        let errors = [
            StoreError(.refused, "PostgreSQL: wrong user or password", sqlState: "28P01"),
            StoreError(.inputOutput, "PostgreSQL: could not read", sqlState: "58030"),
            StoreError(.damaged, "PostgreSQL: damaged data", sqlState: "XX001"),
        ]
        for error in errors {
            try await TestServer(store: FailingStore(error: error)).run { client in
                let reply = try await AppClient(client).post("auth/signup", ada)
                #expect(reply.status == 503)
                #expect(reply.headers[.retryAfter] == "30")
            }
        }
    }

    @Test func `the log has the code of a store's error, but not its text`() async throws {
        let records = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in records }
        let error = StoreError(.rejected, "failed for ada@example.org", sqlState: "23514")
        let server = try TestServer(store: FailingStore(error: error), logger: logger)
        try await server.run { client in
            let reply = try await AppClient(client).post("auth/signup", ada)
            #expect(reply.status == 500)
        }
        let entry = records.entries.first { "\($0.message)" == "flow failed" && $0.level == .error }
        #expect(entry?.metadata["error"] == "StoreError")
        #expect(entry?.metadata["code"] == "rejected 23514")
    }

    @Test func `a commit with an unknown outcome is 503, to be tried again after a second`() async throws {
        try await TestServer(store: FailingStore(error: UnknownOutcome())).run { client in
            let reply = try await AppClient(client).post("auth/signup", ada)
            #expect(reply.status == 503)
            #expect(reply.body == ["status": 503])
            #expect(reply.headers[.retryAfter] == "1")
        }
    }

    @Test func `a route of the application is 503 if the user cannot be authenticated`() async throws {
        let server = try TestServer(store: FailingStore(error: StoreError(.busy, "the database is locked")))
        let router = Router(context: BasicAuthRequestContext.self)
        router.add(middleware: AuthMiddleware(accounts: server.accounts, settings: server.settings))
        router.get("me") { _, context in try context.requireIdentity().email ?? "" }
        try await Application(router: router, logger: .quiet).test(.router) { client in
            let shown: HTTPFields = [HeaderName("X-Session-Token")!: "token"]
            let reply = try await client.executeRequest(uri: "/me", method: .get, headers: shown, body: nil)
            #expect(reply.status == .serviceUnavailable)
            #expect(reply.headers[.retryAfter] == "1")
        }
    }

    @Test func `an unexpected error is 500 without its cause`() async throws {
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
