// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The sign-up page")
struct SignUpPageTests {
    static let path = "/accounts/signup/"
    let fields = ["email": "ada@example.org", "password": Person.password]

    @Test func `a user signs up with a browser alone`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open(Self.path)
            #expect(page.status == .ok)
            #expect(page.tag(of: "email")?.contains("autocomplete=\"email\"") == true)
            #expect(page.tag(of: "password")?.contains("autocomplete=\"new-password\"") == true)
            let answer = try await browser.submit(page, fields, to: Self.path)
            #expect(answer.redirectPath == "/accounts")
            let account = try await browser.follow(answer)
            #expect(account.html.contains("You are logged in as ada@example.org."))
            #expect(account.html.contains("Your account is ready."))
            #expect(try await browser.open(Self.path).redirectPath == "/accounts")
        }
    }

    @Test func `the page after a sign-up mentions the mail`() async throws {
        let server = try TestServer { $0.emailVerification = .optional }
        try await server.run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open(Self.path)
            let account = try await browser.follow(browser.submit(page, fields, to: Self.path))
            #expect(account.html.contains("We have sent you a mail to confirm your address."))
        }
    }

    @Test func `errors are beside their fields, and values are kept except passwords`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open(Self.path)
            let answer = try await browser.submit(
                page, ["email": "a\"b@nowhere", "password": "Zq7!"], to: Self.path)
            #expect(answer.status == .badRequest)
            #expect(answer.value(of: "email") == "a&quot;b@nowhere")
            #expect(answer.value(of: "password") == nil)
            #expect(!answer.html.contains("Zq7!"))
            for field in ["email", "password"] {
                #expect(answer.tag(of: field)?.contains("aria-invalid=\"true\"") == true)
                #expect(!answer.messages(of: field).isEmpty)
            }
            // Only the first of them has the focus.
            #expect(answer.tag(of: "email")?.contains("autofocus") == true)
            #expect(answer.tag(of: "password")?.contains("autofocus") == false)
            #expect(answer.html.contains("<title>Error: Sign up"))
        }
        #expect(try await server.writes() == [0, 0])
    }

    @Test func `the fields are those of the settings`() async throws {
        let server = try TestServer {
            $0.signupFields = [.email: true, .username: false, .password1: true, .password2: true]
            $0.signupHoneypotField = "phone"
        }
        try await server.run { client in
            let page = try await BrowserClient(client).open(Self.path)
            for field in ["email", "username", "password", "password2", "phone"] {
                #expect(page.tag(of: field) != nil, "\(field)")
            }
            #expect(page.tag(of: "username")?.contains("required") == false)
            #expect(page.tag(of: "phone")?.contains("tabindex=\"-1\"") == true)
        }
    }

    @Test func `a form that is sent twice makes one account and one session`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (first, second) = (BrowserClient(client), BrowserClient(client))
            let page = try await first.open(Self.path)
            second.cookies = first.cookies
            let one = try await first.submit(page, fields, to: Self.path)
            let two = try await second.submit(page, fields, to: Self.path)
            #expect(one.redirectPath == "/accounts")
            #expect(two.redirectPath == "/accounts")
            #expect(first.cookies["sessionid"] == second.cookies["sessionid"])
            #expect(try await second.get("auth/session").isAuthenticated == true)
            #expect(try await server.signals().filter { $0 == "account.user_signed_up" }.count == 1)
        }
    }

    @Test func `a second form with another password is refused`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (first, second) = (BrowserClient(client), BrowserClient(client))
            let page = try await first.open(Self.path)
            second.cookies = first.cookies
            _ = try await first.submit(page, fields, to: Self.path)
            let other = ["email": "ada@example.org", "password": "An0ther-Secret-y8"]
            let answer = try await second.submit(page, other, to: Self.path)
            #expect(answer.status == .badRequest)
            #expect(try await second.get("auth/session").isAuthenticated == false)
        }
    }

    @Test func `a sign-up that waits for its mail leads to the page that names the address`() async throws {
        let server = try TestServer { $0.emailVerification = .mandatory }
        try await server.run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open(Self.path)
            let answer = try await browser.submit(page, fields, to: Self.path)
            #expect(answer.redirectPath == "/accounts/confirm-email")
            #expect(try await browser.follow(answer).html.contains("ada@example.org"))
            #expect(try await browser.open("/accounts/login/").redirectPath == "/accounts/confirm-email")
            #expect(try await browser.open("/accounts/login/?restart=true").status == .ok)
        }
    }

    @Test func `a code completes the sign-up`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
        }
        try await server.run { client in
            let browser = BrowserClient(client)
            let start = try await browser.open(Self.path + "?next=/invoices/7")
            let answer = try await browser.submit(start, fields, to: Self.path + "?next=/invoices/7")
            let page = try await browser.follow(answer)
            #expect(page.tag(of: "key")?.contains("autocomplete=\"one-time-code\"") == true)
            let wrong = try await browser.submit(page, ["key": "WRNG-CDBB"], to: page.path)
            #expect(wrong.messages(of: "key") == ["Incorrect code."])
            let code = try await server.newestMailed("code")
            let done = try await browser.submit(wrong, ["key": code], to: page.path)
            #expect(done.location == "/invoices/7")
            #expect(try await browser.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `a closed sign-up is reported`() async throws {
        try await TestServer { $0.signupOpen = false }.run { client in
            let page = try await BrowserClient(client).open(Self.path)
            #expect(page.status == .forbidden)
            #expect(page.html.contains("Sign-up is closed."))
        }
    }
}
