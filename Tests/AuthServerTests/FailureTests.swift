// SPDX-License-Identifier: Apache-2.0
import AuthFlows
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

        func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R {
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
            let page = try await client.executeRequest(
                uri: "/accounts/confirm-email/key", method: .post, headers: [:], body: nil)
            #expect(page.status == .serviceUnavailable)
            #expect(page.headers[.retryAfter] == "30")
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
