// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The pages of accounts at providers")
struct ProviderPagesTests {
    private static let path = "/accounts/3rdparty/"
    private static let one = #"{"id": "1", "email": "ada@example.org", "email_verified": true}"#
    private static let nameless = #"{"id": "2"}"#

    private func server(_ change: (inout AccountSettings) -> Void = { _ in }) throws -> TestServer {
        try TestServer(providers: [BelievingProvider()]) {
            $0.emailVerification = .none
            change(&$0)
        }
    }

    /// A browser in which Ada is logged in by password.
    private func ada(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        _ = try await browser.post("auth/signup", Person.ada)
        return browser
    }

    /// Presses the button of a page that leads to the provider, and comes back with an identity.
    ///
    /// - Parameter process: `login` or `connect`.
    /// - Returns: the redirect of the callback.
    private func visit(
        _ browser: BrowserClient, from path: String, _ process: String, _ identity: String
    ) async throws -> ShownPage {
        let page = try await browser.open(path)
        #expect(page.html.contains("name=\"process\" type=\"hidden\" value=\"\(process)\""))
        let callback = try #require(
            page.html.firstMatch(of: /name="callback_url" type="hidden" value="([^"]+)"/)
        ).1
        let there = try await browser.submit(
            page, ["provider": "dummy", "process": process, "callback_url": String(callback)],
            to: "/_allauth/browser/v1/auth/provider/redirect")
        let url = try #require(there.headers[.location].flatMap { URLComponents(string: $0) })
        let state = try #require(url.queryItems?.first { $0.name == "state" }?.value)
        let code = try #require(identity.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        return try await browser.open("/accounts/dummy/login/callback/?state=\(state)&code=\(code)")
    }

    // MARK: Connections

    @Test func `connects an account and disconnects it`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = try await ada(client)
            let back = try await visit(browser, from: Self.path, "connect", Self.one)
            let page = try await browser.follow(back)
            #expect(page.html.contains("role=\"status\""))
            #expect(page.html.contains("<span class=\"tag\">Dummy</span>"))
            #expect(try await server.signals().contains("socialaccount.social_account_added"))

            let id = try #require(page.html.firstMatch(of: /name="account" type="hidden" value="([^"]+)"/)).1
            let removed = try await browser.submit(page, ["account": String(id)], to: Self.path)
            #expect(removed.redirectPath == "/accounts/3rdparty")
            #expect(try await browser.follow(removed).html.contains("name=\"account\"") == false)
            #expect(try await server.signals().contains("socialaccount.social_account_removed"))
            // A second click changes nothing.
            let again = try await browser.submit(page, ["account": String(id)], to: Self.path)
            #expect(again.redirectPath == "/accounts/3rdparty")
        }
    }

    @Test func `does not disconnect the only way to log in, and shows the reason`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await visit(browser, from: "/accounts/login/", "login", Self.one)
            let page = try await browser.open(Self.path)
            let id = try #require(page.html.firstMatch(of: /name="account" type="hidden" value="([^"]+)"/)).1
            let answer = try await browser.submit(page, ["account": String(id)], to: Self.path)
            #expect(answer.status == .badRequest)
            #expect(answer.html.contains("Your account has no password set up."))
            #expect(try await server.signals().contains("socialaccount.social_account_removed") == false)
        }
    }

    @Test func `shows that an account is connected to another user`() async throws {
        let server = try server()
        try await server.run { client in
            let other = BrowserClient(client)
            _ = try await visit(
                other, from: "/accounts/login/", "login", #"{"id": "1", "email": "b@x.org"}"#)
            let browser = try await ada(client)
            var page = try await visit(browser, from: Self.path, "connect", #"{"id": "1"}"#)
            while page.isRedirect { page = try await browser.follow(page) }
            #expect(page.status == .ok)
            #expect(page.html.contains("connected to another user"))
            #expect(!page.html.contains("role=\"status\""))
        }
    }

    @Test func `asks for the password before it connects, if that is required`() async throws {
        let server = try server { $0.social.reauthenticationRequired = true }
        try await server.run { client in
            let browser = try await ada(client)
            let back = try await visit(browser, from: Self.path, "connect", Self.one)
            let question = try await browser.follow(back)
            #expect(question.redirectPath == "/accounts/reauthenticate")
            #expect(question.redirectNext == Self.path)
            let form = try await browser.follow(question)
            let proved = try await browser.submit(
                form, ["password": Person.password], to: "/accounts/reauthenticate/?next=\(Self.path)")
            #expect(proved.redirectPath == "/accounts/3rdparty")
            let connected = try await visit(browser, from: Self.path, "connect", Self.one)
            #expect(try await browser.follow(connected).html.contains("name=\"account\""))
        }
    }

    // MARK: Sign-up

    @Test func `completes a sign-up that lacks an address`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = BrowserClient(client)
            var page = try await visit(browser, from: "/accounts/login/", "login", Self.nameless)
            while page.isRedirect { page = try await browser.follow(page) }
            let path = "/accounts/3rdparty/signup/"
            let wrong = try await browser.submit(page, ["email": "no address"], to: path)
            #expect(wrong.status == .badRequest)
            let field = try #require(wrong.element(containing: "name=\"email\" type=\"email\""))
            #expect(field.contains("aria-invalid=\"true\""))
            #expect(field.contains("value=\"no address\""))
            let done = try await browser.submit(wrong, ["email": "new@example.org"], to: path)
            #expect(done.redirectPath == "/accounts")
            #expect(try await browser.get("auth/session").isAuthenticated == true)
            #expect(try await browser.open(path).redirectPath == "/accounts/login")
        }
    }

    @Test func `without a pending sign-up its page leads to the log-in page`() async throws {
        try await server().run { client in
            let page = try await BrowserClient(client).open("/accounts/3rdparty/signup/")
            #expect(page.redirectPath == "/accounts/login")
        }
    }

    @Test(arguments: ["cancelled", "error"])
    func `a failed log-in has a page with a link to the log-in page`(page: String) async throws {
        try await server().run { client in
            let page = try await BrowserClient(client).open("/accounts/3rdparty/login/\(page)/")
            #expect(page.status == .ok)
            #expect(page.html.contains("href=\"/accounts/login/\""))
        }
    }
}
