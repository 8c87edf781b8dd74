// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

/// The users of the tests of pages that need a log-in.
enum Person {
    static let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]
    static let password = "Sup3r-Secret-x9"
    static let newPassword = "An0ther-Secret-y8"
}

extension BrowserClient {
    /// Submits one of a page's forms like a browser, and returns the response without following a redirect.
    ///
    /// - Parameters:
    ///   - fields: the fields, with their values as text.
    ///   - path: the form's target.
    func submit(_ page: ShownPage, _ fields: [String: String], to path: String) async throws -> ShownPage {
        var fields = fields
        fields["csrfmiddlewaretoken"] = page.proof ?? ""
        return try await send(form: Self.encoded(fields), to: path, origin: "http://127.0.0.1:8080")
    }

    /// Opens the page that a response redirects to.
    func follow(_ page: ShownPage) async throws -> ShownPage {
        #expect(page.isRedirect)
        let location = try #require(page.headers[.location])
        let url = try #require(URL(string: location))
        let query = url.query(percentEncoded: true).map { "?" + $0 } ?? ""
        return try await open(url.path(percentEncoded: true) + query)
    }

    private static func encoded(_ fields: [String: String]) -> String {
        var parts = URLComponents()
        parts.queryItems = fields.sorted { $0.key < $1.key }.map {
            URLQueryItem(name: $0.key, value: $0.value)
        }
        return (parts.percentEncodedQuery ?? "").replacing("+", with: "%2B")
    }
}

extension ShownPage {
    var isRedirect: Bool { status == .seeOther || status == .found }

    /// The path that the response redirects to, without its final slash.
    var redirectPath: String? {
        guard isRedirect, let url = headers[.location].flatMap({ URL(string: $0) }) else { return nil }
        let path = url.path(percentEncoded: false)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// `next` in the query of the address that the response redirects to.
    var redirectNext: String? {
        headers[.location].flatMap {
            URLComponents(string: $0)?.queryItems?.first { $0.name == "next" }?.value
        }
    }

    /// The tag that has that text.
    func element(containing text: String) -> String? {
        html.split(separator: "<").map(String.init).first { $0.contains(text) }
    }
}

/// What is true of every page that needs a log-in.
@Suite("Pages that need a log-in")
struct ManagedPagesTests {
    static let paths = [
        "/accounts/email/", "/accounts/password/change/", "/accounts/password/set/", "/accounts/sessions/",
        "/accounts/3rdparty/", "/accounts/reauthenticate/", "/accounts/language/",
    ]

    @Test(arguments: paths)
    func `without a log-in the page leads to the log-in page and back`(path: String) async throws {
        try await TestServer().run { client in
            let browser = BrowserClient(client)
            for spelling in [path, String(path.dropLast())] {
                let page = try await browser.open(spelling)
                #expect(page.redirectPath == "/accounts/login")
                #expect(page.redirectNext == spelling)
            }
        }
    }

    @Test(arguments: paths)
    func `a form sent after a log-out in another tab leads to the log-in page`(path: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", Person.ada)
            let page = try await browser.open("/accounts/password/change/")
            _ = try await browser.send(.delete, "auth/session", nil, csrf: browser.csrf)
            let before = try await server.signals()

            let answer = try await browser.submit(
                page,
                [
                    "action_add": "1", "email": "second@example.org", "password": Person.password,
                    "current_password": Person.password, "new_password": Person.newPassword,
                ], to: path)
            #expect(answer.redirectPath == "/accounts/login")
            #expect(answer.redirectNext == path)
            #expect(try await server.signals() == before)
        }
    }

    @Test(arguments: paths)
    func `a form of another site is refused`(path: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", Person.ada)
            let before = try await server.writes()
            let answer = try await browser.send(
                form: "action_add=&email=evil%40example.org&password=x&new_password=An0ther-Secret-y8",
                to: path, origin: "http://evil.example")
            // Redirected if the page has no form for this user.
            #expect(answer.status == .forbidden || answer.isRedirect)
            #expect(try await server.writes() == before)
        }
    }

    @Test(arguments: [
        ("/accounts/email/", "E-Mail-Adressen"), ("/accounts/password/change/", "Bisheriges Passwort"),
        ("/accounts/sessions/", "Diese Sitzung"), ("/accounts/3rdparty/", "Verbundene Konten"),
        ("/accounts/reauthenticate/", "Geben Sie Ihr Passwort ein"), ("/accounts/language/", "Ihre Wahl"),
    ])
    func `the page is in German for a browser that prefers it`(path: String, text: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            let german: HTTPFields = [.acceptLanguage: "de-AT, en;q=0.5"]
            _ = try await browser.raw(.get, "/_allauth/browser/v1/config", german)
            var headers = german
            headers[HeaderName("X-CSRFToken")!] = browser.csrf
            let ada = ByteBuffer(bytes: try JSONEncoder().encode(Person.ada))
            _ = try await browser.raw(.post, "/_allauth/browser/v1/auth/signup", headers, ada)
            let page = String(buffer: try await browser.raw(.get, path, german).body)
            #expect(page.contains("<html lang=\"de\">"))
            #expect(page.contains(text))
        }
    }
}
