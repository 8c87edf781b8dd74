// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The page of e-mail addresses")
struct EmailAddressesPageTests {
    private static let path = "/accounts/email/"

    /// A browser in which Ada is logged in.
    private func ada(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        _ = try await browser.post("auth/signup", Person.ada)
        return browser
    }

    /// Confirms the address by the link of the newest mail.
    private func confirm(_ browser: BrowserClient, _ server: TestServer) async throws {
        let url = try #require(try await server.mails().last { $0.values["url"] != nil }?.values["url"])
        let page = try await browser.open(try #require(URL(string: url)?.path))
        _ = try await browser.submit(page, [:], to: page.path)
    }

    private func act(
        _ browser: BrowserClient, _ action: String, _ email: String
    ) async throws -> ShownPage {
        let page = try await browser.open(Self.path)
        return try await browser.submit(page, [action: "1", "email": email], to: Self.path)
    }

    @Test func `lists the addresses with their state`() async throws {
        try await TestServer { $0.emailVerification = .optional }.run { client in
            let browser = try await ada(client)
            _ = try await act(browser, "action_add", "second@example.org")
            let page = try await browser.open(Self.path)
            #expect(page.status == .ok)
            #expect(page.html.contains("ada@example.org"))
            #expect(page.html.contains("Primary"))
            #expect(page.html.contains("Not verified"))
            for action in ["action_primary", "action_send", "action_remove", "action_add"] {
                #expect(page.html.contains("name=\"\(action)\""))
            }
        }
    }

    @Test func `adds an address and mails its confirmation`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = try await ada(client)
            let answer = try await act(browser, "action_add", "second@example.org")
            #expect(answer.redirectPath == "/accounts/email")
            let page = try await browser.follow(answer)
            #expect(page.html.contains("second@example.org"))
            #expect(page.html.contains("role=\"status\""))
            #expect(try await server.mails().last?.to == "second@example.org")
            #expect(try await server.signals().last == "account.email_added")
        }
    }

    @Test(arguments: [
        ("", "This field is required."), ("no address", "Enter a valid"), ("ada@example.org", "already"),
    ])
    func `shows why an address is refused beside its field and keeps it`(
        email: String, reason: String
    ) async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = try await ada(client)
            let page = try await act(browser, "action_add", email)
            #expect(page.status == .badRequest)
            #expect(page.html.contains(reason))
            let field = try #require(page.element(containing: "name=\"email\" type=\"email\""))
            #expect(field.contains("aria-invalid=\"true\""))
            #expect(field.contains("aria-describedby="))
            #expect(email.isEmpty || field.contains("value=\"\(email)\""))
            #expect(try await server.signals().contains("account.email_added") == false)
        }
    }

    @Test func `makes a verified address the primary one, then removes the former`() async throws {
        let server = try TestServer { $0.emailVerification = .optional }
        try await server.run { client in
            let browser = try await ada(client)
            try await confirm(browser, server)
            _ = try await act(browser, "action_add", "second@example.org")
            let tooEarly = try await act(browser, "action_primary", "second@example.org")
            #expect(tooEarly.status == .badRequest)
            #expect(tooEarly.html.contains("must be verified"))
            try await confirm(browser, server)

            let changed = try await act(browser, "action_primary", "second@example.org")
            #expect(try await browser.follow(changed).html.contains("role=\"status\""))
            #expect(try await server.signals().last == "account.email_changed")
            let removed = try await act(browser, "action_remove", "ada@example.org")
            let page = try await browser.follow(removed)
            #expect(!page.html.contains("ada@example.org"))
            #expect(try await server.signals().last == "account.email_removed")
        }
    }

    @Test func `does not remove the primary address, and shows the reason`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = try await ada(client)
            let page = try await act(browser, "action_remove", "ada@example.org")
            #expect(page.status == .badRequest)
            #expect(page.html.contains("You cannot remove your primary email address."))
            #expect(page.html.contains("ada@example.org"))
            #expect(try await server.signals().contains("account.email_removed") == false)
        }
    }

    @Test func `mails another confirmation`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = try await ada(client)
            let before = try await server.mails().count
            let answer = try await act(browser, "action_send", "ada@example.org")
            #expect(answer.redirectPath == "/accounts/email")
            #expect(try await server.mails().count == before + 1)
        }
    }

    @Test func `an action without a selected address shows that it is required`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let browser = try await ada(client)
            let page = try await browser.open(Self.path)
            for action in ["action_primary", "action_send", "action_remove"] {
                let answer = try await browser.submit(page, [action: "1"], to: Self.path)
                #expect(answer.status == .badRequest)
                #expect(answer.html.contains("This field is required."))
            }
        }
    }

    @Test func `leads to reauthentication and back if it is required`() async throws {
        let server = try TestServer { $0.reauthenticationRequired = true }
        try await server.run { client in
            let browser = try await ada(client)
            let refused = try await act(browser, "action_add", "second@example.org")
            #expect(refused.redirectPath == "/accounts/reauthenticate")
            #expect(refused.redirectNext == Self.path)
            let question = try await browser.follow(refused)
            let proved = try await browser.submit(
                question, ["password": Person.password], to: "/accounts/reauthenticate/?next=\(Self.path)")
            #expect(proved.redirectPath == "/accounts/email")
            let added = try await act(browser, "action_add", "second@example.org")
            #expect(added.redirectPath == "/accounts/email")
            #expect(try await server.signals().last == "account.email_added")
        }
    }

    @Test func `with codes, adding an address leads to the page for the code`() async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
        }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", Person.ada)
            _ = try await browser.post(
                "auth/email/verify", ["key": .string(try await server.newestMailed("code"))])
            let answer = try await act(browser, "action_add", "second@example.org")
            #expect(answer.redirectPath == "/accounts/confirm-email")
            let page = try await browser.follow(answer)
            #expect(page.html.contains("name=\"key\""))
            let done = try await browser.submit(
                page, ["key": try await server.newestMailed("code")], to: "/accounts/confirm-email/")
            #expect(done.redirectPath == "/accounts/email")
            #expect(
                try await server.signals().suffix(2) == ["account.email_added", "account.email_confirmed"])
        }
    }
}
