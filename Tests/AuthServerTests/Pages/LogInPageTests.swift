// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The log-in page")
struct LogInPageTests {
    static let path = "/accounts/login/"
    let right = ["email": "ada@example.org", "password": Person.password]
    let wrong = ["email": "ada@example.org", "password": "Wr0ng-Secret-z7"]

    private func server(_ change: (inout AccountSettings) -> Void = { _ in }) throws -> TestServer {
        try TestServer {
            $0.emailVerification = .none
            change(&$0)
        }
    }

    @Test func `a user logs in and out`() async throws {
        try await server().run { client in
            _ = try await AppClient(client).post("auth/signup", Person.ada)
            let browser = BrowserClient(client)
            let page = try await browser.open(Self.path)
            #expect(page.tag(of: "email")?.contains("autocomplete=\"username\"") == true)
            #expect(page.tag(of: "password")?.contains("autocomplete=\"current-password\"") == true)
            let answer = try await browser.submit(page, right, to: Self.path)
            #expect(answer.redirectPath == "/accounts")
            let account = try await browser.follow(answer)
            #expect(account.target == "/accounts/logout/")
            let out = try await browser.submit(account, [:], to: account.target)
            #expect(out.redirectPath == "/accounts/login")
            #expect(try await browser.follow(out).html.contains("You are logged out."))
            #expect(try await browser.get("auth/session").isAuthenticated == false)
        }
    }

    @Test func `a wrong password is reported beside its field, and the address is kept`() async throws {
        try await server().run { client in
            _ = try await AppClient(client).post("auth/signup", Person.ada)
            let browser = BrowserClient(client)
            let answer = try await browser.submit(try await browser.open(Self.path), wrong, to: Self.path)
            #expect(answer.status == .badRequest)
            #expect(answer.value(of: "email") == "ada@example.org")
            #expect(answer.messages(of: "password").count == 1)
            #expect(!answer.html.contains("Wr0ng"))
        }
    }

    @Test func `allauth's page for an inactive account leads to the log-in page`() async throws {
        try await TestServer().run { client in
            let page = try await BrowserClient(client).open("/accounts/inactive/")
            #expect(page.status == .forbidden)
            #expect(page.html.contains("href=\"/accounts/login/\""))
        }
    }

    @Test func `one field takes an address or a username`() async throws {
        let server = try server {
            $0.loginMethods = [.email, .username]
            $0.signupFields = [.email: true, .username: true, .password1: true]
        }
        try await server.run { client in
            _ = try await AppClient(client).post(
                "auth/signup", ["email": "ada@example.org", "username": "ada", "password": "Sup3r-Secret-x9"])
            for name in ["ada", "ada@example.org"] {
                let browser = BrowserClient(client)
                let page = try await browser.open(Self.path)
                let empty = try await browser.submit(page, ["login": "", "password": "x"], to: Self.path)
                #expect(empty.status == .badRequest)
                let answer = try await browser.submit(
                    page, ["login": name, "password": Person.password], to: Self.path)
                #expect(answer.redirectPath == "/accounts", "\(name)")
            }
        }
    }

    // MARK: next

    @Test(arguments: ["/invoices/7?a=b", "http://127.0.0.1:8080/x", "https://app.example.org/x"])
    func `next leads to this server and to trusted origins`(next: String) async throws {
        let server = try server { $0.social.redirectOrigins = ["https://app.example.org"] }
        try await server.run { client in
            let browser = BrowserClient(client)
            let path = Self.path + "?next=" + next.replacing("?", with: "%3F")
            let page = try await browser.open(path)
            let policy = try #require(page.headers[.contentSecurityPolicy])
            #expect(policy.contains("form-action 'self' https://app.example.org;") == next.contains("app"))
            _ = try await AppClient(client).post("auth/signup", Person.ada)
            #expect(try await browser.submit(page, right, to: path).location == next)
        }
    }

    @Test(arguments: [
        "https://evil.example/", "//evil.example/", "/%5Cevil.example", "javascript:alert(1)",
        "http:evil.example",
        "https://app.example.org.evil.example/", "%20//evil.example", "",
        // With a variation selector, which browsers ignore in a host.
        "//%EF%B8%8Fevil.example/", "/%5C%EF%B8%8Fevil.example/", "/%2F%F3%A0%84%80evil.example/",
    ])
    func `next leads nowhere else`(next: String) async throws {
        let server = try server { $0.social.redirectOrigins = ["https://app.example.org"] }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", Person.ada)
            let browser = BrowserClient(client)
            let path = Self.path + "?next=" + next
            let page = try await browser.open(path)
            #expect(page.headers[.contentSecurityPolicy]?.contains("evil") == false)
            #expect(try await browser.submit(page, right, to: path).location == "/accounts/")
        }
    }

    // MARK: Codes

    @Test func `a user logs in by a mailed code`() async throws {
        let server = try server { $0.loginByCodeEnabled = true }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", Person.ada)
            let browser = BrowserClient(client)
            #expect(try await browser.open(Self.path).html.contains("href=\"/accounts/login/code/\""))
            let form = try await browser.open("/accounts/login/code/?next=/x")
            let asked = try await browser.submit(form, ["email": "ada@example.org"], to: form.path)
            #expect(asked.redirectPath == "/accounts/login/code/confirm")
            let page = try await browser.follow(asked)
            let wrong = try await browser.submit(page, ["code": "WRNG-CDBB"], to: page.path)
            #expect(wrong.messages(of: "code") == ["Incorrect code."])
            let code = try await server.newestMailed("code")
            let done = try await browser.submit(wrong, ["code": code], to: page.path)
            #expect(done.location == "/x")
            #expect(try await browser.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `after the last wrong code the log-in starts again`() async throws {
        let server = try server {
            $0.loginByCodeEnabled = true
            $0.loginByCodeMaxAttempts = 1
        }
        try await server.run { client in
            let browser = BrowserClient(client)
            let form = try await browser.open("/accounts/login/code/")
            let asked = try await browser.submit(form, ["email": "ada@example.org"], to: form.path)
            let page = try await browser.follow(asked)
            let wrong = try await browser.submit(page, ["code": "WRNG-CDBB"], to: page.path)
            #expect(wrong.redirectPath == "/accounts/login")
            #expect(try await browser.follow(wrong).html.contains("no longer valid"))
        }
    }
}
