// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Hummingbird
import ServerTesting
import Testing

@Suite("Sign-up, log-in and session over HTTP")
struct SignUpAndLogInTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test func `config returns what a front end needs`() async throws {
        try await TestServer().app { app in
            let reply = try await app.get("config")
            #expect(reply.status == 200)
            let account = try #require(reply.body["data"]?["account"])
            #expect(account["login_methods"] == ["email"])
            #expect(account["is_open_for_signup"] == true)
            #expect(account["login_by_code_enabled"] == false)
        }
    }

    @Test func `with mandatory verification a sign-up is pending until its link is used`() async throws {
        let server = try TestServer { $0.emailVerification = .mandatory }
        try await server.app { app in
            let signup = try await app.post("auth/signup", ada)
            #expect(signup.status == 401)
            #expect(signup.isAuthenticated == false)
            #expect(signup.pending == ["verify_email"])
            #expect(signup.flowIDs.contains("login") && signup.flowIDs.contains("signup"))
            #expect(app.token != nil)

            let key = try await server.newestMailed("url")
            let info = try await app.get("auth/email/verify", headers: ["X-Email-Verification-Key": key])
            #expect(info.status == 200)
            #expect(info.body["data"]?["email"] == "ada@example.org")
            #expect(info.body["meta"]?["is_authenticating"] == true)

            let verified = try await app.post("auth/email/verify", ["key": .string(key)])
            #expect(verified.status == 401)
            #expect(verified.pending == [])
            let again = try await app.post("auth/email/verify", ["key": .string(key)])
            #expect(again.status == 400)
            #expect(again.errorCodes == ["invalid_or_expired_key"])
            #expect(again.errors.first?["param"] == "key")
        }
        #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])
    }

    @Test func `a log-in returns a token that is valid until log-out`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.app { app in
            #expect(try await app.post("auth/signup", ada).status == 200)
            #expect(try await app.delete("auth/session").status == 401)
            app.token = nil

            let login = try await app.post("auth/login", ada)
            #expect(login.status == 200)
            #expect(login.isAuthenticated == true)
            let user = try #require(login.body["data"]?["user"])
            #expect(user["email"] == "ada@example.org")
            #expect(user["display"] == "ada@example.org")
            #expect(user["has_usable_password"] == true)
            guard case .array(let methods)? = login.body["data"]?["methods"] else { throw NoMethods() }
            #expect(methods.first?["method"] == "password")

            #expect(try await app.get("auth/session").status == 200)
            #expect(try await app.post("auth/login", ada).status == 409)
            #expect(try await app.post("auth/signup", ada).status == 409)
            let out = try await app.delete("auth/session")
            #expect(out.status == 401)
            #expect(out.isAuthenticated == false)

            let gone = try await app.get("auth/session")
            #expect(gone.status == 410)
            #expect(gone.isAuthenticated == .null)
            #expect(gone.body["data"] == [:])
        }
    }

    struct NoMethods: Error {}

    @Test func `a wrong password and an unknown address get the same response`() async throws {
        try await TestServer { $0.emailVerification = .none }.app { app in
            _ = try await app.post("auth/signup", ada)
            app.token = nil
            let wrong = try await app.post(
                "auth/login", ["email": "ada@example.org", "password": "wrong-Password-1"])
            let unknown = try await app.post(
                "auth/login", ["email": "bob@example.org", "password": "wrong-Password-1"])
            #expect(wrong.status == 400)
            #expect(wrong.errorCodes == ["email_password_mismatch"])
            #expect(wrong.body == unknown.body)
            #expect(wrong.status == unknown.status)
        }
    }

    @Test func `a password change keeps the session under a new token`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            let before = app.token
            let wrong = try await app.post(
                "account/password/change",
                ["current_password": "nope-Nope-1", "new_password": "An0ther-Secret-y8"])
            #expect(wrong.status == 400)
            #expect(wrong.errorCodes == ["enter_current_password"])
            let changed = try await app.post(
                "account/password/change",
                ["current_password": "Sup3r-Secret-x9", "new_password": "An0ther-Secret-y8"])
            #expect(changed.status == 200)
            #expect(app.token != before)
            #expect(try await app.get("auth/session").status == 200)
            app.token = before
            #expect(try await app.get("auth/session").status == 410)
        }
    }

    @Test func `a closed sign-up is 403 and not listed as a flow`() async throws {
        try await TestServer { $0.signupOpen = false }.app { app in
            let closed = try await app.post("auth/signup", ada)
            #expect(closed.status == 403)
            #expect(closed.body == ["status": 403])
            #expect(try await app.get("auth/session").flowIDs == ["login"])
        }
    }

    @Test func `too many attempts are 429 with Retry-After`() async throws {
        let server = try TestServer {
            $0.rateLimits.rates[.login] = [.init(1, per: 60, .key), .init(1, per: 60, .ip)]
        }
        try await server.app(.live) { app in
            #expect(try await app.post("auth/login", ada).status == 400)
            let refused = try await app.post("auth/login", ada)
            #expect(refused.status == 429)
            #expect(refused.body == ["status": 429])
            let seconds = refused.headers[.retryAfter].flatMap { Int($0) } ?? 0
            #expect((1...60).contains(seconds))
        }
    }

    @Test func `too many concurrent passwords are 503 with Retry-After`() async throws {
        let server = try TestServer(
            passwords: PasswordHasher(cost: .init(n: 16_384), concurrency: 1, queueLimit: 0)
        ) { $0.emailVerification = .none }
        try await server.app { app in
            let replies = try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await app.post("auth/login", self.ada) } }
                return try await group.reduce(into: [APIReply]()) { $0.append($1) }
            }
            let refused = replies.filter { $0.status == 503 }
            #expect(!refused.isEmpty)
            #expect(refused.allSatisfy { $0.body == ["status": 503] && $0.headers[.retryAfter] != nil })
            #expect(Set(replies.map(\.status)).isSubset(of: [400, 503]))
        }
    }
}
