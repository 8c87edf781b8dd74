// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The pages for a new password")
struct PasswordPagesTests {
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

    /// A browser in which a user without a password is logged in.
    private func social(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        _ = try await browser.post(
            "auth/provider/token",
            [
                "provider": "dummy", "process": "login",
                "token": [
                    "client_id": "x",
                    "id_token": #"{"id": "1", "email": "ada@example.org", "email_verified": true}"#,
                ],
            ])
        return browser
    }

    // MARK: Change

    @Test func `changes the password and ends the other sessions`() async throws {
        let server = try server()
        try await server.run { client in
            let (browser, other) = (try await ada(client), BrowserClient(client))
            _ = try await other.get("config")
            _ = try await other.post("auth/login", Person.ada)
            let path = "/accounts/password/change/"
            let page = try await browser.open(path)
            #expect(page.html.contains("autocomplete=\"current-password\""))
            #expect(page.html.contains("autocomplete=\"new-password\""))
            let answer = try await browser.submit(
                page, ["current_password": Person.password, "new_password": Person.newPassword], to: path)
            #expect(answer.isRedirect)
            #expect(try await browser.follow(answer).html.contains("role=\"status\""))
            #expect(try await browser.get("auth/session").isAuthenticated == true)
            #expect(try await other.get("auth/session").isAuthenticated == false)
            #expect(try await server.signals().last == "account.password_changed")
        }
    }

    @Test func `a second click on the button changes the password once`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = try await ada(client)
            let path = "/accounts/password/change/"
            let fields = ["current_password": Person.password, "new_password": Person.newPassword]
            let page = try await browser.open(path)
            let former = browser.cookies
            let first = try await browser.submit(page, fields, to: path)
            // The browser has not read the first answer yet.
            browser.cookies = former
            let second = try await browser.submit(page, fields, to: path)
            #expect(second.headers[.location] == first.headers[.location])
            #expect(try await browser.get("auth/session").isAuthenticated == true)
            #expect(try await server.signals().filter { $0 == "account.password_changed" }.count == 1)
        }
    }

    @Test func `shows all reasons beside their fields, and no password`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = try await ada(client)
            let path = "/accounts/password/change/"
            let answer = try await browser.submit(
                try await browser.open(path), ["current_password": "wr0ng-Secret", "new_password": "sh0rt"],
                to: path)
            #expect(answer.status == .badRequest)
            for field in ["name=\"current_password\"", "name=\"new_password\""] {
                #expect(answer.element(containing: field)?.contains("aria-invalid=\"true\"") == true)
            }
            #expect(!answer.html.contains("wr0ng-Secret"))
            #expect(!answer.html.contains("sh0rt"))
        }
    }

    @Test func `with LOGOUT_ON_PASSWORD_CHANGE a change leads to the log-in page`() async throws {
        let server = try server { $0.logoutOnPasswordChange = true }
        try await server.run { client in
            let browser = try await ada(client)
            let path = "/accounts/password/change/"
            let answer = try await browser.submit(
                try await browser.open(path),
                ["current_password": Person.password, "new_password": Person.newPassword], to: path)
            #expect(answer.redirectPath == "/accounts/login")
            #expect(answer.redirectNext == nil)
            #expect(try await browser.follow(answer).html.contains("role=\"status\""))
            #expect(try await browser.get("auth/session").isAuthenticated == false)
        }
    }

    // MARK: Set

    @Test func `a user without a password sets the first one`() async throws {
        let server = try server()
        try await server.run { client in
            let browser = try await social(client)
            let moved = try await browser.open("/accounts/password/change/")
            #expect(moved.redirectPath == "/accounts/password/set")
            let page = try await browser.follow(moved)
            #expect(!page.html.contains("current_password"))
            let answer = try await browser.submit(
                page, ["new_password": Person.newPassword], to: "/accounts/password/set/")
            #expect(answer.isRedirect)
            #expect(try await server.signals().last == "account.password_set")
            #expect(
                try await browser.open("/accounts/password/set/").redirectPath == "/accounts/password/change")
        }
    }

    // MARK: Reset

    @Test func `a reset looks the same whether the address is known or not`() async throws {
        let server = try server()
        try await server.run { client in
            _ = try await ada(client)
            let browser = BrowserClient(client)
            let path = "/accounts/password/reset/"
            let form = try await browser.open(path)
            let known = try await browser.submit(form, ["email": "ada@example.org"], to: path)
            let unknown = try await browser.submit(form, ["email": "unknown@example.org"], to: path)
            #expect(known.redirectPath == "/accounts/password/reset/done")
            #expect(known.headers[.location] == unknown.headers[.location])
            #expect(known.html == unknown.html)
            #expect(try await browser.follow(known).status == .ok)
        }
    }

    @Test func `a wrong address is refused beside its field and kept`() async throws {
        try await server().run { client in
            let browser = BrowserClient(client)
            let path = "/accounts/password/reset/"
            let answer = try await browser.submit(
                try await browser.open(path), ["email": "no address"], to: path)
            #expect(answer.status == .badRequest)
            let field = try #require(answer.element(containing: "name=\"email\" type=\"email\""))
            #expect(field.contains("aria-invalid=\"true\""))
            #expect(field.contains("value=\"no address\""))
        }
    }

    @Test(arguments: ["/accounts/password/reset/", "/accounts/password/reset/key/"])
    func `the mailed link works under its own and under allauth's path`(prefix: String) async throws {
        let server = try server()
        try await server.run { client in
            _ = try await ada(client)
            let browser = BrowserClient(client)
            let form = try await browser.open("/accounts/password/reset/")
            _ = try await browser.submit(
                form, ["email": "ada@example.org"], to: "/accounts/password/reset/")
            let path = prefix + (try await server.newestMailed("url"))
            let page = try await browser.open(path + "/")
            #expect(page.status == .ok)
            let done = try await browser.submit(page, ["password": Person.newPassword], to: path)
            #expect(done.redirectPath == "/accounts/login")
            #expect(try await browser.follow(done).html.contains("role=\"status\""))
            #expect(try await browser.open(path).status == .notFound)
            let late = try await browser.submit(page, ["password": "Yet-An0ther-Secret"], to: path)
            #expect(late.status == .notFound)
        }
    }

    @Test func `allauth's page after a reset leads to the log-in or to the account, with a message`()
        async throws
    {
        try await server().run { client in
            let path = "/accounts/password/reset/key/done/"
            let page = try await BrowserClient(client).open(path)
            #expect(page.redirectPath == "/accounts/login")
            #expect(page.location?.contains("done=password-reset") == true)
            let browser = try await ada(client)
            let account = try await browser.open(path)
            #expect(account.redirectPath == "/accounts")
        }
    }

    @Test func `the form for a code is not shown without a pending reset`() async throws {
        let server = try server { $0.passwordResetByCode = true }
        try await server.run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open("/accounts/password/reset/confirm/")
            #expect(page.redirectPath == "/accounts/password/reset/code")
            #expect(try await browser.follow(page).redirectPath == "/accounts/password/reset")
        }
    }

    @Test(arguments: ["change/", "set/", "reset/", "reset/key/x/"])
    func `with SOCIALACCOUNT_ONLY the pages for passwords are closed`(page: String) async throws {
        let server = try server { $0.social.socialOnly = true }
        try await server.run { client in
            let browser = try await social(client)
            #expect(try await browser.open("/accounts/password/" + page).status == .notFound)
        }
    }
}
