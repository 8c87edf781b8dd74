// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

/// How the button of a page changes the session that the browser shares with the API.
@Suite("Pages of links in mails and the browser's session")
struct PageSessionTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]
    let bob: JSONValue = ["email": "bob@example.org", "password": "Sup3r-Secret-y8"]

    /// A browser with its cookies set.
    private func browser(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        return browser
    }

    /// The path of the link in the newest mail.
    private func link(_ server: TestServer) async throws -> String {
        let url = try #require(try await server.mails().last { $0.values["url"] != nil }?.values["url"])
        return try #require(URL(string: url)?.path)
    }

    /// Requests a password reset by the page's form.
    private func asked(_ browser: BrowserClient, for email: String) async throws {
        let form = try await browser.open("/accounts/password/reset")
        _ = try await browser.press(form, "email=\(email.replacing("@", with: "%40"))")
    }

    // MARK: ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION

    @Test func `the confirmation button logs in in the browser of the sign-up`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        try await server.run { client in
            let browser = try await browser(client)
            #expect(try await browser.post("auth/signup", ada).pending == ["verify_email"])
            let waiting = try #require(browser.cookies["sessionid"])
            let done = try await browser.press(try await browser.open(try await link(server)))
            #expect(done.redirectPath == "/accounts")

            let cookie = try #require(browser.setCookies.last { $0.hasPrefix("sessionid=") })
            #expect(!cookie.contains(waiting))
            for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=12"] {
                #expect(cookie.contains(attribute))
            }
            #expect(
                try await server.signals() == [
                    "account.user_signed_up", "account.email_confirmed", "account.user_logged_in",
                ])
            // The page sets the same cookies as the API, including the CSRF token.
            #expect(try await browser.get("auth/session").isAuthenticated == true)
            #expect(try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf).status == 401)
        }
    }

    @Test func `the confirmation button does not log in in another browser`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        try await server.run { client in
            let (one, other) = (try await browser(client), BrowserClient(client))
            _ = try await one.post("auth/signup", ada)
            let done = try await other.press(try await other.open(try await link(server)))
            #expect(done.redirectPath == "/accounts/login")
            #expect(try await server.signals() == ["account.user_signed_up", "account.email_confirmed"])
            #expect(try await other.get("auth/session").isAuthenticated == false)
            #expect(try await one.get("auth/session").isAuthenticated == false)
        }
    }

    @Test func `with CONFIRM_EMAIL_ON_GET the link logs in in the browser of the sign-up only`()
        async throws
    {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
            $0.confirmEmailOnGet = true
        }
        try await server.run { client in
            let (one, other) = (try await browser(client), try await browser(client))
            _ = try await one.post("auth/signup", ada)
            _ = try await one.open(try await link(server))
            #expect(try await one.get("auth/session").isAuthenticated == true)
            _ = try await one.send(.delete, "auth/session", nil, csrf: one.csrf)

            _ = try await one.post("auth/signup", bob)
            _ = try await other.open(try await link(server))
            #expect(try await other.get("auth/session").isAuthenticated == false)
            #expect(try await server.signals().filter { $0 == "account.user_logged_in" }.count == 1)
        }
    }

    // MARK: Links opened in another user's browser

    @Test func `a link opened in another user's browser ends that session`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let (adas, bobs) = (try await browser(client), try await browser(client))
            _ = try await bobs.post("auth/signup", bob)
            let session = try #require(bobs.cookies["sessionid"])
            _ = try await adas.post("auth/signup", ada)
            let page = try await bobs.open(try await link(server))
            #expect(try await bobs.get("auth/session").isAuthenticated == true)

            let done = try await bobs.press(page)
            #expect(done.redirectPath == "/accounts/login")
            #expect(
                try await server.signals().suffix(2) == [
                    "account.user_logged_out", "account.email_confirmed",
                ])
            #expect(bobs.cookies["sessionid"] != session)
            #expect(try await bobs.get("auth/session").isAuthenticated == false)
            #expect(try await adas.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `a reset opened in another user's browser ends that session`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (adas, bobs) = (try await browser(client), try await browser(client))
            _ = try await adas.post("auth/signup", ada)
            _ = try await bobs.post("auth/signup", bob)
            try await asked(bobs, for: "ada@example.org")
            let page = try await bobs.open(try await link(server))
            let session = try #require(bobs.cookies["sessionid"])
            let done = try await bobs.press(page, "password=An0ther-Secret-y8")
            #expect(done.redirectPath == "/accounts/login")
            #expect(
                try await server.signals().suffix(3) == [
                    "account.user_logged_out", "account.email_confirmed", "account.password_reset",
                ])
            #expect(bobs.cookies["sessionid"] != session)
            #expect(try await bobs.get("auth/session").isAuthenticated == false)
        }
    }

    // MARK: ACCOUNT_LOGIN_ON_PASSWORD_RESET

    @Test(arguments: [false, true])
    func `a reset logs in if the setting is on`(byCode: Bool) async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.loginOnPasswordReset = true
            $0.passwordResetByCode = byCode
        }
        try await server.run { client in
            let former = try await browser(client)
            _ = try await former.post("auth/signup", ada)
            let browser = BrowserClient(client)
            let form = try await browser.open("/accounts/password/reset")
            var page = try await browser.press(form, "email=ada%40example.org")
            var fields = "password=An0ther-Secret-y8"
            if byCode {
                page = try await browser.follow(page)
                fields += "&code=\(try await server.newestMailed("code"))"
            } else {
                page = try await browser.open(try await link(server))
            }
            #expect(try await browser.press(page, fields).redirectPath == "/accounts")

            let said = try await server.signals().dropFirst(2)
            #expect(
                said == [
                    "account.email_confirmed", "account.password_reset",
                    "account.authentication_step_completed", "account.user_logged_in",
                ])
            let cookie = try #require(browser.setCookies.last { $0.hasPrefix("sessionid=") })
            for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
                #expect(cookie.contains(attribute))
            }
            #expect(try await browser.get("auth/session").isAuthenticated == true)
            #expect(try await former.get("auth/session").isAuthenticated == false)
        }
    }

    @Test func `a reset by a link verifies the address and logs in`()
        async throws
    {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
            $0.loginOnPasswordReset = true
        }
        try await server.run { client in
            let (one, other) = (try await browser(client), BrowserClient(client))
            _ = try await one.post("auth/signup", ada)
            try await asked(other, for: "ada@example.org")
            let page = try await other.open(try await link(server))
            let done = try await other.press(page, "password=An0ther-Secret-y8")
            #expect(done.redirectPath == "/accounts")
            #expect(try await other.get("auth/session").isAuthenticated == true)
        }
    }

    // MARK: Other sites

    @Test(arguments: ["http://evil.example", "null"])
    func `a form of another site is refused, whatever it contains`(origin: String) async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.loginOnPasswordReset = true
        }
        try await server.run { client in
            let (mallory, bobs) = (BrowserClient(client), try await browser(client))
            _ = try await bobs.post("auth/signup", bob)
            _ = try await browser(client).post("auth/signup", ada)
            try await asked(mallory, for: "ada@example.org")
            let path = try await link(server)
            let before = try await server.signals()

            // Without a token, with the attacker's own token, and with the right token from another origin.
            let own = try #require(try await mallory.open(path).proof)
            let right = try await bobs.open(path)
            let tries = [
                try await bobs.send(form: "password=An0ther-Secret-y8", to: path),
                try await bobs.send(
                    form: "csrfmiddlewaretoken=\(own)&password=An0ther-Secret-y8", to: path),
                try await bobs.press(right, "password=An0ther-Secret-y8", origin: origin),
            ]
            #expect(tries.map(\.status) == [.forbidden, .forbidden, .forbidden])
            #expect(try await server.signals() == before)
            #expect(try await bobs.get("auth/session").isAuthenticated == true)

            // A browser without cookies is not logged in to the attacker's account.
            let fresh = BrowserClient(client)
            let forged = try await fresh.send(
                form: "csrfmiddlewaretoken=\(own)&password=An0ther-Secret-y8", to: path)
            #expect(forged.status == .forbidden)
            #expect(try await fresh.get("auth/session").isAuthenticated == false)
        }
    }

    @Test func `a page shown before the session changed must be reloaded`() async throws {
        let server = try TestServer { $0.emailVerification = .optional }
        try await server.run { client in
            let browser = try await browser(client)
            _ = try await browser.post("auth/signup", ada)
            let path = try await link(server)
            let page = try await browser.open(path)
            _ = try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf)
            #expect(try await browser.press(page).status == .forbidden)
            let done = try await browser.press(try await browser.open(path))
            #expect(done.redirectPath == "/accounts/login")
        }
    }

    @Test func `with https the cookies of a page are bound to the host`() async throws {
        let server = try TestServer { $0.links.publicURL = "https://accounts.example.org" }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.open("/accounts/password/reset")
            let cookie = try #require(browser.setCookies.first { $0.contains("sessionid=") })
            #expect(cookie.hasPrefix("__Host-sessionid="))
            #expect(cookie.contains("; Secure"))
        }
    }
}
