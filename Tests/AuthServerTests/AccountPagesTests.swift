// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("Plain pages")
struct AccountPagesTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    /// The path of the newest mail's link.
    private func link(_ server: TestServer) async throws -> String {
        let url = try #require(try await server.mails().last { $0.values["url"] != nil }?.values["url"])
        return try #require(URL(string: url)?.path)
    }

    private func post(_ client: any TestClientProtocol, _ path: String, _ form: String = "") async throws
        -> TestResponse
    {
        try await client.executeRequest(
            uri: path, method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
            body: ByteBuffer(string: form))
    }

    @Test func `a mailed link opens a page that changes nothing, and its button confirms the address`()
        async throws
    {
        let server = try TestServer { $0.emailVerification = .mandatory }
        try await server.run { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            let path = try await link(server)
            #expect(path.hasPrefix("/accounts/confirm-email/"))

            let page = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            #expect(page.status == .ok)
            let html = String(buffer: page.body)
            #expect(html.contains("ada@example.org"))
            #expect(html.contains("<form method=\"post\">"))
            #expect(try await server.signals() == ["account.user_signed_up"])

            let done = try await post(client, path)
            #expect(done.status == .ok)
            #expect(String(buffer: done.body).contains("confirmed"))
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])

            #expect(try await post(client, path).status == .notFound)
            #expect(
                try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil).status
                    == .notFound)
        }
    }

    @Test func `with CONFIRM_EMAIL_ON_GET the link itself confirms the address`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.confirmEmailOnGet = true
        }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", ada)
            let path = try await link(server)
            let page = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            #expect(String(buffer: page.body).contains("confirmed"))
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])
        }
    }

    @Test func `a page lets nothing in, is kept nowhere and tells no other site its address`() async throws {
        try await TestServer().run { client in
            for path in [
                "/accounts/confirm-email/wrong", "/accounts/password/reset", "/accounts/password/reset/wrong",
            ] {
                let page = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
                let policy = try #require(page.headers[.contentSecurityPolicy])
                #expect(policy.hasPrefix("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"))
                #expect(page.headers[HeaderName("Referrer-Policy")!] == "no-referrer")
                #expect(page.headers[HeaderName("X-Frame-Options")!] == "DENY")
                #expect(page.headers[.cacheControl] == "no-store")
                #expect(page.headers[.setCookie] == nil)
            }
        }
    }

    @Test func `a password is reset with nothing but a browser`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            app.token = nil
            let asked = try await post(client, "/accounts/password/reset", "email=ada%40example.org")
            let unknown = try await post(client, "/accounts/password/reset", "email=nobody%40example.org")
            #expect(asked.status == .ok)
            #expect(asked.body == unknown.body)

            let path = try await link(server)
            #expect(path.hasPrefix("/accounts/password/reset/"))
            let page = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            #expect(String(buffer: page.body).contains("name=\"password\""))

            let weak = try await post(client, path, "password=short")
            #expect(weak.status == .badRequest)
            #expect(String(buffer: weak.body).contains("class=\"error\""))
            #expect(try await post(client, path, "password=An0ther+Secret+y8").status == .ok)
            #expect(try await post(client, path, "password=An0ther+Secret+y8").status == .notFound)

            let login = try await app.post(
                "auth/login", ["email": "ada@example.org", "password": "An0ther Secret y8"])
            #expect(login.status == 200)
        }
    }

    @Test func `a password is reset by a mailed code`() async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.passwordResetByCode = true
        }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", ada)
            let asked = String(
                buffer: try await post(client, "/accounts/password/reset", "email=ada%40example.org").body)
            let field = try #require(asked.firstMatch(of: /name="session" type="hidden" value="([^"]+)"/))
            let action = try #require(asked.firstMatch(of: /action="([^"]+)"/))
            let (session, path) = (String(field.1), "/accounts/password/" + String(action.1))

            let wrong = try await post(
                client, path, "session=\(session)&code=WRNG-CDBB&password=An0ther-Secret-y8")
            #expect(wrong.status == .badRequest)
            let code = try await server.newestMailed("code")
            let done = try await post(
                client, path, "session=\(session)&code=\(code)&password=An0ther-Secret-y8")
            #expect(done.status == .ok)
            #expect(try await server.signals().contains("account.password_reset"))
        }
    }

    @Test func `what a person typed is text in a page, never markup`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.siteName = "<script>alert(1)</script>&\""
        }
        try await server.run { client in
            _ = try await AppClient(client).post(
                "auth/signup", ["email": "a'&b@example.org", "password": "Sup3r-Secret-x9"])
            let page = try await client.executeRequest(
                uri: try await link(server), method: .get, headers: [:], body: nil)
            let html = String(buffer: page.body)
            #expect(html.contains("&lt;script&gt;"))
            #expect(!html.contains("<script"))
            #expect(html.contains("a&#39;&amp;b@example.org"))
        }
    }

    @Test(arguments: ["%", "email=%zz", "email=%ff", "email=a%00b", "email=%C3%28"])
    func `a malformed form is 400 and sends nothing`(form: String) async throws {
        let server = try TestServer()
        try await server.run { client in
            let answer = try await post(client, "/accounts/password/reset", form)
            #expect(answer.status == .badRequest)
        }
        #expect(try await server.writes() == [0, 0])
    }

    @Test func `a form of ten megabytes is 413`() async throws {
        try await TestServer().run(.live) { client in
            let form = "email=" + String(repeating: "x", count: 10 << 20)
            let answer = try await post(client, "/accounts/password/reset", form)
            #expect(answer.status == .contentTooLarge)
        }
    }
}
