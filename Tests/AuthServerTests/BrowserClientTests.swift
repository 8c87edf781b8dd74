// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Hummingbird
import HummingbirdTesting
import Testing

@Suite("The browser client")
struct BrowserClientTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    private func server(_ publicURL: String = "http://127.0.0.1:8080", trusting: [String] = []) throws
        -> TestServer
    {
        var configuration = AuthServerConfiguration()
        configuration.csrfTrustedOrigins = trusting
        return try TestServer(configuration: configuration) {
            $0.emailVerification = .none
            $0.links.publicURL = publicURL
        }
    }

    @Test func `a log-in needs the CSRF token that the first answer gave`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let without = try await browser.send(.post, "auth/signup", ada)
            #expect(without.status == 403)
            #expect(without.body == ["status": 403])
            // The refusal gave the cookies.
            #expect(browser.csrf != nil)
            #expect(try await browser.send(.post, "auth/signup", ada, csrf: "wrong").status == 403)
            #expect(try await browser.post("auth/signup", ada).status == 200)
            #expect(try await browser.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `a CSRF token of one browser is good for no other`() async throws {
        try await server().run { client in
            let (one, other) = (BrowserClient(client), BrowserClient(client))
            _ = try await one.get("config")
            _ = try await other.get("config")
            #expect(one.csrf != other.csrf)
            #expect(try await other.send(.post, "auth/signup", ada, csrf: one.csrf).status == 403)
        }
    }

    @Test(arguments: ["csrftoken", "accounts_csrf"])
    func `the configuration shows a browser its CSRF token, whatever other cookies it holds`(name: String)
        async throws
    {
        var configuration = AuthServerConfiguration()
        configuration.csrfCookieName = name
        let server = try TestServer(configuration: configuration) { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            let first = try await browser.get("config")
            let token = try #require(first.body["meta"]?["csrf_token"]?.string)
            #expect(browser.cookies[name] == token)
            #expect(browser.cookies.keys.filter { $0.contains("csrf") } == [name])
            // The browser holds another cookie of the name, and it comes first.
            browser.cookies = browser.cookies.merging([" \(name)": "foreign"]) { $1 }
            #expect(try await browser.get("config").body["meta"]?["csrf_token"]?.string == token)
            #expect(try await browser.send(.post, "auth/signup", ada, csrf: token).status == 200)
            // A log-in has a token of its own.
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

    @Test func `the answer names no session token, and the cookie cannot be read by scripts`() async throws {
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

    @Test func `with https cookies are secure and of this host only`() async throws {
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

    @Test func `who is not remembered gets a cookie that ends with the browser`() async throws {
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

    @Test func `a log-out ends the session and leaves a browser that can log in again`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", ada)
            let held = browser.cookies
            #expect(try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf).status == 401)
            #expect(browser.cookies["sessionid"] != held["sessionid"])
            #expect(try await browser.post("auth/login", ada).status == 200)
            // The old cookie is none of ours: for a browser that is nobody, not 410.
            browser.cookies = held
            #expect(try await browser.get("auth/session").status == 401)
        }
        #expect(
            try await server.signals() == [
                "account.user_signed_up", "account.user_logged_in", "account.user_logged_out",
                "account.authentication_step_completed", "account.user_logged_in",
            ])
    }

    @Test func `a log-in gives another session cookie than what the browser came with`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            let before = browser.cookies
            _ = try await browser.post("auth/signup", ada)
            #expect(browser.cookies["sessionid"] != before["sessionid"])
            #expect(browser.csrf != before["csrftoken"])
        }
    }

    @Test func `only the own and trusted origins may change anything`() async throws {
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

    @Test func `an app's requests look at no cookie, a browser's at no token`() async throws {
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

    @Test func `a pending log-in is continued by its cookie`() async throws {
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
