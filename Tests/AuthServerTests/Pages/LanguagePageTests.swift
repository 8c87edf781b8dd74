// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The page of the language")
struct LanguagePageTests {
    private static let path = "/accounts/language/"

    /// A browser in which Ada is logged in, who signed up in English.
    private func browser(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        var headers: HTTPFields = [.acceptLanguage: "en"]
        headers[HeaderName("X-CSRFToken")!] = browser.csrf
        let ada = ByteBuffer(bytes: try JSONEncoder().encode(Person.ada))
        let reply = try await browser.raw(.post, "/_allauth/browser/v1/auth/signup", headers, ada)
        #expect(reply.status == .ok)
        return browser
    }

    @Test func `a chosen language holds for every browser of the user`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await browser(client)
            let page = try await browser.open(Self.path, language: "en")
            #expect(page.html.contains("Your choice: English"))
            let answer = try await browser.submit(page, ["language": "de"], to: Self.path)
            #expect(answer.redirectPath == "/accounts/language")
            let german = try await browser.follow(answer)
            #expect(german.language == "de")
            #expect(german.html.contains("role=\"status\">Ihre Sprache ist eingestellt."))
            #expect(german.html.contains("Ihre Wahl: Deutsch"))

            let other = BrowserClient(client)
            _ = try await other.get("config")
            _ = try await other.post("auth/login", Person.ada)
            let account = try await other.open("/accounts/", language: "en")
            #expect(account.language == "de")
        }
    }

    @Test func `a user can follow the language of the browser again`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await browser(client)
            let page = try await browser.open(Self.path, language: "de")
            #expect(page.language == "en")
            let answer = try await browser.submit(page, ["language": "browser"], to: Self.path)
            #expect(answer.redirectPath == "/accounts/language")
            for language in ["de", "en"] {
                let shown = try await browser.open(Self.path, language: language)
                #expect(shown.language == language)
            }
        }
    }

    @Test func `the next mail is in the chosen language`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await browser(client)
            let page = try await browser.open(Self.path)
            _ = try await browser.submit(page, ["language": "de"], to: Self.path)
            let before = try await server.mails().count
            let reset = try await browser.open("/accounts/password/reset/", language: "en")
            _ = try await browser.submit(reset, ["email": "ada@example.org"], to: "/accounts/password/reset/")
            let mailed = try await server.mails().dropFirst(before)
            #expect(mailed.map(\.language) == [.german])
        }
    }

    @Test(arguments: ["", "fr", "xx", "<script>"])
    func `a language without texts changes nothing`(code: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await browser(client)
            let page = try await browser.open(Self.path)
            let answer = try await browser.submit(page, ["language": code], to: Self.path)
            #expect(answer.status == .ok)
            #expect(answer.html.contains("Your choice: English"))
            #expect(!answer.html.contains("<script>"))
        }
    }

    @Test func `a language that is not offered is refused`() async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.languages = [.english]
        }
        try await server.run { client in
            let browser = try await browser(client)
            let account = try await browser.open("/accounts/")
            #expect(!account.html.contains("/accounts/language/"))
            let page = try await browser.open(Self.path)
            let answer = try await browser.submit(page, ["language": "de"], to: Self.path)
            #expect(answer.status == .badRequest)
            #expect(answer.html.contains("role=\"alert\""))
            let after = try await browser.open(Self.path, language: "de")
            #expect(after.language == "en")
        }
    }

    @Test func `the account page leads to the page`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await browser(client)
            let account = try await browser.open("/accounts/")
            #expect(account.html.contains("href=\"/accounts/language/\""))
        }
    }
}
