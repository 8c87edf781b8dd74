// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

/// Redirects of a browser to a provider and back.
@Suite("Redirects to providers over HTTP")
struct ProviderRedirectTests {
    private func server(_ change: (inout AccountSettings) -> Void = { _ in }) throws -> TestServer {
        try TestServer(providers: [BelievingProvider()]) {
            $0.social.redirectOrigins = ["http://front"]
            change(&$0)
        }
    }

    private func form(_ fields: [String: String]) -> ByteBuffer {
        var parts = URLComponents()
        parts.queryItems = fields.sorted { $0.key < $1.key }.map {
            URLQueryItem(name: $0.key, value: $0.value)
        }
        return ByteBuffer(string: (parts.percentEncodedQuery ?? "").replacing("+", with: "%2B"))
    }

    private static let wanted = [
        "provider": "dummy", "process": "login", "callback_url": "http://front/social?x=1",
    ]

    /// Posts the form that redirects a browser to the provider.
    private func begin(
        _ browser: BrowserClient, _ fields: [String: String] = wanted, proven: Bool = true
    ) async throws -> URL {
        if browser.csrf == nil { _ = try await browser.get("config") }
        var fields = fields
        if proven { fields["csrfmiddlewaretoken"] = browser.csrf }
        let response = try await browser.raw(
            .post, "/_allauth/browser/v1/auth/provider/redirect", [:], form(fields))
        return try location(of: response)
    }

    private func location(of response: TestResponse) throws -> URL {
        #expect(response.status == .found)
        #expect(response.headers[.cacheControl] == "no-store")
        return try #require(response.headers[.location].flatMap { URL(string: $0) })
    }

    private func query(_ url: URL) -> [String: String] {
        let items = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
    }

    /// Follows the provider's redirect back to the callback.
    private func comeBack(
        _ browser: BrowserClient, _ there: URL, _ answer: [String: String]
    ) async throws -> URL {
        var fields = answer
        fields["state"] = query(there)["state"]
        let callback = try #require(query(there)["redirect_uri"].flatMap { URL(string: $0) })
        let uri = callback.path + "?" + String(buffer: form(fields))
        return try location(of: try await browser.raw(.get, uri))
    }

    private let person = #"{"id": "1", "email": "a+b@x.org", "email_verified": true}"#

    @Test func `a browser is redirected to the provider and comes back logged in`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = BrowserClient(client)
            let there = try await begin(browser)
            #expect(there.host() == "provider.example")
            #expect(query(there)["redirect_uri"] == "http://127.0.0.1:8080/accounts/dummy/login/callback/")
            // A request in between does not end the pending redirect.
            #expect(try await browser.get("auth/session").status == 401)
            let before = browser.cookies["sessionid"]
            let back = try await comeBack(browser, there, ["code": person])
            #expect(back.absoluteString == "http://front/social?x=1")
            #expect(browser.cookies["sessionid"] != before)
            let session = try await browser.get("auth/session")
            #expect(session.status == 200)
            #expect(session.body["data"]?["user"]?["email"] == "a+b@x.org")
        }
        #expect(
            try await server.signals() == [
                "socialaccount.pre_social_login", "account.authentication_step_completed",
                "account.user_signed_up", "account.user_logged_in",
            ])
    }

    @Test func `a callback in a cross-site form, which has no cookies, is redirected to GET`()
        async throws
    {
        try await server().run { client in
            let browser = BrowserClient(client)
            let there = try await begin(browser)
            let state = try #require(query(there)["state"])
            let stranger = BrowserClient(client)
            let answer = try await stranger.raw(
                .post, "/accounts/dummy/login/callback/", [:],
                form(["state": state, "code": person, "evil": "x"]))
            #expect(answer.status == .seeOther)
            #expect(stranger.setCookies.isEmpty)
            let again = try #require(answer.headers[.location])
            #expect(again.hasPrefix("/accounts/dummy/login/callback/?"))
            #expect(!again.contains("evil"))
            let back = try location(of: try await browser.raw(.get, again))
            #expect(back.absoluteString == "http://front/social?x=1")
            #expect(try await browser.get("auth/session").status == 200)
        }
    }

    @Test(arguments: [(nil, "/accounts/"), ("oidc", "/accounts/oidc/"), ("sso", "/accounts/sso/")])
    func `serves allauth's OpenID Connect callback and uses it if configured`(
        _ prefix: String?, _ start: String
    ) async throws {
        var provider = BelievingProvider()
        provider.policy.callbackPrefix = prefix
        let server = try TestServer(providers: [provider]) { $0.social.redirectOrigins = ["http://front"] }
        try await server.run { client in
            let told = try query(await begin(BrowserClient(client)))["redirect_uri"]
            #expect(told == "http://127.0.0.1:8080\(start)dummy/login/callback/")
            for path in [start, "/accounts/", "/accounts/oidc/"] {
                let browser = BrowserClient(client)
                let state = try #require(query(try await begin(browser))["state"])
                let query = String(buffer: form(["code": person, "state": state]))
                let back = try location(
                    of: try await browser.raw(.get, "\(path)dummy/login/callback/?\(query)"))
                #expect(back.absoluteString == "http://front/social?x=1")
                #expect(try await browser.get("auth/session").status == 200)
                let posted = try await BrowserClient(client).raw(
                    .post, "\(path)dummy/login/callback/", [:], form(["code": "c"]))
                #expect(posted.status == .seeOther)
            }
            for path in ["/accounts/nowhere/dummy/login/callback/", "/accounts/oidc/missing/login/callback/"]
            {
                let answer = try await BrowserClient(client).raw(.post, path, [:], form(["code": "c"]))
                #expect(answer.status == .notFound)
            }
        }
    }

    @Test(arguments: ["//accounts/dummy/login/callback", "/accounts/missing/login/callback"])
    func `a callback in a form is redirected to this server only`(path: String) async throws {
        try await server().run { client in
            let answer = try await BrowserClient(client).raw(.post, path, [:], form(["code": "c"]))
            let again = answer.headers[.location]
            #expect(again == nil || again == "/accounts/dummy/login/callback/?code=c")
            #expect(again != nil || answer.status == .notFound)
        }
    }

    @Test func `without the CSRF token of its own page a browser is not redirected`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            let response = try await browser.raw(
                .post, "/_allauth/browser/v1/auth/provider/redirect", [:], form(Self.wanted))
            #expect(response.status == .forbidden)
            var headers = HTTPFields()
            headers[HeaderName("X-CSRFToken")!] = browser.csrf
            headers[.origin] = "https://evil.example"
            let foreign = try await browser.raw(
                .post, "/_allauth/browser/v1/auth/provider/redirect", headers, form(Self.wanted))
            #expect(foreign.status == .forbidden)
            headers[.origin] = nil
            let proven = try await browser.raw(
                .post, "/_allauth/browser/v1/auth/provider/redirect", headers, form(Self.wanted))
            #expect(proven.status == .found)
        }
    }

    @Test func `refuses an untrusted callback URL`() async throws {
        try await server().run { client in
            for callback in ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"] {
                var fields = Self.wanted
                fields["callback_url"] = callback
                let target = try await begin(BrowserClient(client), fields)
                #expect(target.absoluteString.hasPrefix("http://127.0.0.1:8080/accounts/login?"))
                #expect(query(target) == ["error": "unknown", "error_process": "login"])
            }
        }
    }

    @Test func `a failure is reported in the front end's URL`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            var there = try await begin(browser)
            var back = try await comeBack(browser, there, ["error": "access_denied"])
            #expect(back.host() == "front")
            #expect(query(back) == ["x": "1", "error": "cancelled", "error_process": "login"])
            // The state is used already.
            back = try await comeBack(browser, there, ["code": person])
            #expect(query(back)["error"] == "unknown")
            #expect(back.path() == "/accounts/login")
            there = try await begin(browser, Self.wanted.merging(["process": "connect"]) { $1 })
            back = try await comeBack(browser, there, ["code": person])
            #expect(query(back) == ["x": "1", "error": "permission_denied", "error_process": "connect"])
            let missing = try await begin(browser, Self.wanted.merging(["provider": "missing"]) { $1 })
            #expect(query(missing) == ["x": "1", "error": "unknown", "error_process": "login"])
            // The state of another browser.
            there = try await begin(browser)
            back = try await comeBack(BrowserClient(client), there, ["code": person])
            #expect(query(back)["error"] == "unknown")
        }
    }

    @Test func `the server's own page has the providers' buttons and shows the user`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let page = try await browser.raw(.get, "/accounts/login")
            let html = String(buffer: page.body)
            #expect(html.contains(">Continue with Dummy</button>"))
            #expect(
                page.headers[HeaderName("Content-Security-Policy")!]?.contains("form-action 'self' https:")
                    == true)
            let proof = try #require(
                html.firstMatch(of: /name="csrfmiddlewaretoken" type="hidden" value="([^"]+)"/)
            ).1
            let response = try await browser.raw(
                .post, "/_allauth/browser/v1/auth/provider/redirect", [:],
                form([
                    "provider": "dummy", "process": "login", "callback_url": "/accounts/login",
                    "csrfmiddlewaretoken": String(proof),
                ]))
            let back = try await comeBack(browser, try location(of: response), ["code": person])
            #expect(back.absoluteString == "http://127.0.0.1:8080/accounts/login")
            #expect(try await browser.open("/accounts/login").redirectPath == "/accounts")
            let after = try await browser.open("/accounts/").html
            #expect(after.contains("You are logged in as a+b@x.org."))
            let wrong = String(
                buffer: try await BrowserClient(client).raw(.get, "/accounts/login?error=cancelled").body)
            #expect(wrong.contains("You have cancelled the log-in."))
        }
    }

    @Test func `the server's own page completes a sign-up`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let there = try await begin(
                browser, Self.wanted.merging(["callback_url": "/accounts/login"]) { $1 })
            _ = try await comeBack(browser, there, ["code": #"{"id": "1"}"#])
            #expect(try await browser.open("/accounts/login").redirectPath == "/accounts/3rdparty/signup")
            #expect(try await browser.open("/accounts/3rdparty/signup/").html.contains(#"name="email""#))
            let wrong = try await browser.raw(
                .post, "/accounts/3rdparty/signup", [:],
                form(["email": "", "csrfmiddlewaretoken": browser.csrf ?? ""]))
            #expect(wrong.status == .badRequest)
            let done = try await browser.raw(
                .post, "/accounts/3rdparty/signup", [:],
                form(["email": "c@x.org", "csrfmiddlewaretoken": browser.csrf ?? ""]))
            #expect(done.status == .seeOther)
            #expect(try await browser.open("/accounts/").html.contains("You are logged in as c@x.org."))
            #expect(try await browser.get("auth/session").status == 200)
        }
    }

    @Test func `the dummy provider's page returns the identity of its form`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let there = try await begin(browser)
            let asked = "/_allauth/dummy/authorize?" + (there.query() ?? "")
            let page = String(buffer: try await browser.raw(.get, asked).body)
            #expect(page.contains(#"name="id""#))
            let answer = try await browser.raw(
                .post, asked, [:],
                form([
                    "state": query(there)["state"] ?? "", "redirect_uri": query(there)["redirect_uri"] ?? "",
                    "id": "7", "email": "d+e@x.org", "email_verified": "true",
                    "csrfmiddlewaretoken": browser.csrf ?? "",
                ]))
            let back = try location(of: answer)
            let uri = back.path(percentEncoded: true) + "?" + (back.query(percentEncoded: true) ?? "")
            _ = try await browser.raw(.get, uri)
            let session = try await browser.get("auth/session")
            #expect(session.body["data"]?["user"]?["email"] == "d+e@x.org")
            // It does not redirect to an untrusted URL.
            let evil = try await browser.raw(
                .get, "/_allauth/dummy/authorize?state=x&redirect_uri=https%3A%2F%2Fevil.example%2F")
            #expect(evil.status == .badRequest)
        }
    }

    @Test func `without the dummy provider its page does not exist`() async throws {
        try await TestServer().run { client in
            let answer = try await BrowserClient(client).raw(.get, "/_allauth/dummy/authorize")
            #expect(answer.status == .notFound)
        }
    }
}
