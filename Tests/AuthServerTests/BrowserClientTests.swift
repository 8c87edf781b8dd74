// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Hummingbird
import ServerTesting
import Testing

@Suite("The browser client")
struct BrowserClientTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    private func server(_ publicURL: String = "http://127.0.0.1:8080", trusting: [String] = []) throws
        -> TestServer
    {
        var settings = AuthServerSettings()
        settings.csrfTrustedOrigins = trusting
        return try TestServer(settings: settings) {
            $0.emailVerification = .none
            $0.links.publicURL = publicURL
        }
    }

    @Test func `a log-in needs the CSRF token of the first response`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let without = try await browser.send(.post, "auth/signup", ada)
            #expect(without.status == 403)
            #expect(without.body == ["status": 403])
            // The refused request set the cookies.
            #expect(browser.csrf != nil)
            #expect(try await browser.send(.post, "auth/signup", ada, csrf: "wrong").status == 403)
            #expect(try await browser.post("auth/signup", ada).status == 200)
            #expect(try await browser.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `a CSRF token is valid for its own browser only`() async throws {
        try await server().run { client in
            let (one, other) = (BrowserClient(client), BrowserClient(client))
            _ = try await one.get("config")
            _ = try await other.get("config")
            #expect(one.csrf != other.csrf)
            #expect(try await other.send(.post, "auth/signup", ada, csrf: one.csrf).status == 403)
        }
    }

    @Test(arguments: ["csrftoken", "accounts_csrf"])
    func `the config response contains the CSRF token, whatever other cookies the browser sends`(name: String)
        async throws
    {
        var settings = AuthServerSettings()
        settings.csrfCookieName = name
        let server = try TestServer(settings: settings) { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            let first = try await browser.get("config")
            let token = try #require(first.body["meta"]?["csrf_token"]?.string)
            #expect(browser.cookies[name] == token)
            #expect(browser.cookies.keys.filter { $0.contains("csrf") } == [name])
            // The browser sends another cookie with the same name first.
            browser.cookies = browser.cookies.merging([" \(name)": "foreign"]) { $1 }
            #expect(try await browser.get("config").body["meta"]?["csrf_token"]?.string == token)
            #expect(try await browser.send(.post, "auth/signup", ada, csrf: token).status == 200)
            // A log-in replaces the CSRF token.
            let after = try await browser.get("config").body["meta"]?["csrf_token"]?.string
            #expect(after != token)
            #expect(after == browser.cookies[name])
        }
    }

    @Test func `an app has no CSRF token`() async throws {
        try await TestServer().app { app in
            let reply = try await app.get("config")
            #expect(reply.body["meta"] == nil)
        }
    }

    @Test func `the response contains no session token, and scripts cannot read the cookie`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            let reply = try await browser.post("auth/signup", ada)
            #expect(reply.body["meta"] == ["is_authenticated": true])
            let session = try #require(browser.setCookies.last { $0.hasPrefix("sessionid=") })
            #expect(session.contains("; HttpOnly"))
            #expect(session.contains("; SameSite=Lax"))
            #expect(session.contains("; Path=/"))
            #expect(session.contains("; Max-Age=12"))
            #expect(!session.contains("Secure"))
            let csrf = try #require(browser.setCookies.last { $0.hasPrefix("csrftoken=") })
            #expect(!csrf.contains("HttpOnly"))
        }
    }

    @Test func `with https cookies are secure and bound to the host`() async throws {
        try await server("https://accounts.example.org").run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            #expect(browser.cookies.keys.contains("__Host-sessionid"))
            #expect(browser.setCookies.allSatisfy { $0.contains("; Secure") && $0.contains("; Path=/") })
            #expect(!browser.setCookies.contains { $0.contains("Domain") })
            #expect(try await browser.post("auth/signup", ada).status == 200)
            #expect(try await browser.get("auth/session").status == 200)
        }
    }

    @Test func `a log-in that is not remembered sets a cookie that ends with the browser`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", ada)
            #expect(try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf).status == 401)
            let login: JSONValue = [
                "email": "ada@example.org", "password": "Sup3r-Secret-x9", "remember": false,
            ]
            #expect(try await browser.post("auth/login", login).status == 200)
            let session = try #require(browser.setCookies.last { $0.hasPrefix("sessionid=") })
            #expect(!session.contains("Max-Age"))
        }
    }

    @Test func `a log-out ends the session, and the browser can log in again`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", ada)
            let held = browser.cookies
            #expect(try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf).status == 401)
            #expect(browser.cookies["sessionid"] != held["sessionid"])
            #expect(try await browser.post("auth/login", ada).status == 200)
            // An unknown cookie means no session for a browser, not 410.
            browser.cookies = held
            #expect(try await browser.get("auth/session").status == 401)
        }
        #expect(
            try await server.signals() == [
                "account.user_signed_up", "account.user_logged_in", "account.user_logged_out",
                "account.authentication_step_completed", "account.user_logged_in",
            ])
    }

    @Test func `a log-in replaces the session cookie that the browser sent`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            let before = browser.cookies
            _ = try await browser.post("auth/signup", ada)
            #expect(browser.cookies["sessionid"] != before["sessionid"])
            #expect(browser.csrf != before["csrftoken"])
        }
    }

    @Test func `only the own and trusted origins can make changes`() async throws {
        let server = try server(trusting: ["https://app.example.org", "https://*.example.com"])
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            for origin in [
                "https://evil.example", "null", "https://app.example.org.evil.example",
                "http://app.example.org",
                "https://app.example.org:8443", "https://example.com.evil", "https://evilexample.com",
            ] {
                #expect(try await browser.post("auth/login", ada, origin: origin).status == 403, "\(origin)")
                #expect(try await browser.post("auth/login", ada, referer: origin + "/page").status == 403)
            }
            for origin in ["http://127.0.0.1:8080", "https://app.example.org", "https://a.example.com"] {
                #expect(try await browser.post("auth/login", ada, origin: origin).status == 400)
                #expect(
                    try await browser.post("auth/login", ada, referer: origin + "/page?x=1").status == 400)
            }
        }
    }

    @Test func `app requests ignore cookies, browser requests ignore session tokens`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", ada)
            let asApp = try await browser.raw(.get, "/_allauth/app/v1/auth/session")
            #expect(asApp.status == .unauthorized)
            #expect(asApp.headers[.setCookie] == nil)

            let app = AppClient(client)
            _ = try await app.post("auth/login", ada)
            let shown: HTTPFields = [HeaderName("X-Session-Token")!: app.token ?? ""]
            let stranger = try await BrowserClient(client).raw(
                .get, "/_allauth/browser/v1/auth/session", shown)
            #expect(stranger.status == .unauthorized)
        }
    }

    @Test func `a cookie continues a pending log-in`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
        }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            let pending = try await browser.post("auth/signup", ada)
            #expect(pending.status == 401)
            #expect(pending.pending == ["verify_email"])
            #expect(try await browser.get("auth/session").pending == ["verify_email"])
            let code = try await server.newestMailed("code")
            let done = try await browser.post("auth/email/verify", ["key": .string(code)])
            #expect(done.status == 200)
            #expect(done.isAuthenticated == true)
        }
    }
}
