// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("Pages of links in mails")
struct AccountPagesTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    /// The path of the link in the newest mail.
    private func link(_ server: TestServer) async throws -> String {
        let url = try #require(try await server.mails().last { $0.values["url"] != nil }?.values["url"])
        return try #require(URL(string: url)?.path)
    }

    @Test func `a mailed link opens a page without a change, and its button confirms the address`()
        async throws
    {
        let server = try TestServer { $0.emailVerification = .mandatory }
        try await server.run { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            let path = try await link(server)
            #expect(path.hasPrefix("/accounts/confirm-email/"))

            let browser = BrowserClient(client)
            let page = try await browser.open(path)
            #expect(page.status == .ok)
            #expect(page.html.contains("ada@example.org"))
            #expect(page.html.contains("<form method=\"post\""))
            #expect(try await server.signals() == ["account.user_signed_up"])

            let done = try await browser.press(page)
            #expect(done.redirectPath == "/accounts/login")
            #expect(try await browser.follow(done).html.contains("Your address is confirmed."))
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])

            // A second click gets the answer to the first one.
            #expect(try await browser.press(page).headers[.location] == done.headers[.location])
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])
            #expect(try await browser.open(path).status == .notFound)
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
            let browser = BrowserClient(client)
            let page = try await browser.follow(try await browser.open(path))
            #expect(page.html.contains("Your address is confirmed."))
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])
        }
    }

    @Test func `a page forbids embedding, caching and referrers to other sites`() async throws {
        try await TestServer().run { client in
            for path in [
                "/accounts/confirm-email/wrong", "/accounts/password/reset", "/accounts/password/reset/wrong",
            ] {
                let page = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
                let policy = try #require(page.headers[.contentSecurityPolicy])
                #expect(
                    policy.hasPrefix(
                        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"))
                // Not "no-referrer", with which a browser would hide the form's origin from this server too.
                #expect(page.headers[HeaderName("Referrer-Policy")!] == "same-origin")
                #expect(page.headers[HeaderName("X-Frame-Options")!] == "DENY")
                #expect(page.headers[.cacheControl] == "no-store")
                #expect(page.headers[.location] == nil)
            }
        }
    }

    @Test func `a password can be reset with a browser alone`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let app = AppClient(client)
            _ = try await app.post("auth/signup", ada)
            app.token = nil
            let browser = BrowserClient(client)
            let form = try await browser.open("/accounts/password/reset")
            let asked = try await browser.press(form, "email=ada%40example.org")
            #expect(asked.redirectPath == "/accounts/password/reset/done")
            #expect(try await browser.follow(asked).status == .ok)

            let path = try await link(server)
            #expect(path.hasPrefix("/accounts/password/reset/"))
            let page = try await browser.open(path)
            #expect(page.html.contains("name=\"password\""))

            let weak = try await browser.press(page, "password=short")
            #expect(weak.status == .badRequest)
            #expect(weak.html.contains("class=\"error\""))
            let done = try await browser.press(weak, "password=An0ther+Secret+y8")
            #expect(done.redirectPath == "/accounts/login")
            #expect(try await browser.open(path).status == .notFound)

            let login = try await app.post(
                "auth/login", ["email": "ada@example.org", "password": "An0ther Secret y8"])
            #expect(login.status == 200)
        }
    }

    @Test func `a password can be reset by a mailed code`() async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.passwordResetByCode = true
        }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", ada)
            let browser = BrowserClient(client)
            let asked = try await browser.open("/accounts/password/reset")
            let form = try await browser.follow(
                try await browser.press(asked, "email=ada%40example.org"))
            #expect(form.path.hasPrefix("/accounts/password/reset/code"))
            // The pending code belongs to the session of the cookie: the page contains nothing of it.
            #expect(!form.html.contains(try #require(browser.cookies["sessionid"])))

            let wrong = try await browser.press(form, "code=WRNG-CDBB&password=An0ther-Secret-y8")
            #expect(wrong.status == .badRequest)
            let code = try await server.newestMailed("code")
            let stranger = BrowserClient(client)
            let elsewhere = try await stranger.open("/accounts/password/reset/")
            let stolen = try await stranger.submit(
                elsewhere, ["code": code, "password": Person.newPassword], to: form.path)
            #expect(stolen.redirectPath == "/accounts/password/reset")
            let done = try await browser.press(wrong, "code=\(code)&password=An0ther-Secret-y8")
            #expect(done.redirectPath == "/accounts/login")
            #expect(try await server.signals().contains("account.password_reset"))
        }
    }

    @Test func `escapes user input in a page`() async throws {
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
    func `a malformed form is 400 and sends no mail`(form: String) async throws {
        let server = try TestServer()
        try await server.run { client in
            let answer = try await BrowserClient(client).send(form: form, to: "/accounts/password/reset")
            #expect(answer.status == .badRequest)
        }
        #expect(try await server.writes() == [0, 0])
    }

    @Test func `a form of ten megabytes is 413`() async throws {
        try await TestServer().run(.live) { client in
            let form = "email=" + String(repeating: "x", count: 10 << 20)
            let answer = try await BrowserClient(client).send(form: form, to: "/accounts/password/reset")
            #expect(answer.status == .contentTooLarge)
        }
    }
}
