// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The page for reauthentication")
struct ReauthenticatePageTests {
    private static let path = "/accounts/reauthenticate/"

    private func ada(_ client: any TestClientProtocol) async throws -> BrowserClient {
        let browser = BrowserClient(client)
        _ = try await browser.get("config")
        _ = try await browser.post("auth/signup", Person.ada)
        return browser
    }

    @Test func `a wrong password is refused beside its field`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await ada(client)
            let page = try await browser.open(Self.path)
            let answer = try await browser.submit(page, ["password": "wr0ng-Secret"], to: Self.path)
            #expect(answer.status == .badRequest)
            let field = try #require(answer.element(containing: "name=\"password\" type=\"password\""))
            #expect(field.contains("aria-invalid=\"true\""))
            #expect(!answer.html.contains("wr0ng-Secret"))
        }
    }

    @Test func `the right password leads to the page that asked for it`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await ada(client)
            let path = Self.path + "?next=/accounts/sessions/"
            let page = try await browser.open(path)
            // A form without a target is sent to the page's own URL, with its query.
            #expect(!page.html.contains(" action="))
            let answer = try await browser.submit(page, ["password": Person.password], to: path)
            #expect(answer.redirectPath == "/accounts/sessions")
            let records = try await browser.get("auth/session").body["data"]?["methods"]
            #expect(String(describing: records).contains("reauthenticated"))
        }
    }

    @Test(arguments: ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
    func `next leads to no foreign site`(next: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = try await ada(client)
            let encoded = try #require(next.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let path = "\(Self.path)?next=\(encoded)"
            let page = try await browser.open(path)
            let answer = try await browser.submit(page, ["password": Person.password], to: path)
            #expect(answer.isRedirect)
            #expect(answer.headers[.location]?.contains("evil") == false)
            #expect(answer.redirectPath?.hasPrefix("/accounts") == true)
        }
    }

    @Test func `a user without a password is sent on`() async throws {
        let server = try TestServer(providers: [BelievingProvider()]) { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post(
                "auth/provider/token",
                [
                    "provider": "dummy", "process": "login",
                    "token": [
                        "client_id": "x",
                        "id_token": #"{"id": "1", "email": "a@x.org", "email_verified": true}"#,
                    ],
                ])
            let page = try await browser.open(Self.path + "?next=/accounts/sessions/")
            #expect(page.redirectPath == "/accounts/sessions")
        }
    }
}
