// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

/// What is true of all pages.
@Suite("Pages")
struct PageTests {
    static let open = [
        "/accounts/signup/", "/accounts/login/", "/accounts/password/reset/", "/accounts/confirm-email/wrong",
    ]

    @Test(arguments: open)
    func `a page has no script, no inline style and nothing of other sites`(path: String) async throws {
        try await TestServer().run { client in
            let page = try await BrowserClient(client).open(path)
            let policy = try #require(page.headers[.contentSecurityPolicy])
            #expect(
                policy.hasPrefix("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"))
            #expect(!policy.contains("unsafe"))
            for forbidden in ["<script", "<style", " style=", "http://", "https://"] {
                #expect(!page.html.contains(forbidden), "\(forbidden)")
            }
            #expect(page.html.contains("<link rel=\"stylesheet\" href=\"/accounts/style.css?v="))
            #expect(page.headers[HeaderName("X-Frame-Options")!] == "DENY")
            #expect(page.headers[.cacheControl] == "no-store")
        }
    }

    @Test func `the style sheet and the logo are served, and are small`() async throws {
        try await TestServer().run { client in
            let browser = BrowserClient(client)
            let style = try await browser.open("/accounts/style.css?v=x")
            #expect(style.headers[.contentType] == "text/css; charset=utf-8")
            #expect((1000...10_000).contains(style.html.utf8.count))
            #expect(style.html.contains("prefers-color-scheme: dark"))
            let logo = try await browser.open("/accounts/logo.svg")
            #expect(logo.headers[.contentType] == "image/svg+xml")
            #expect(logo.html.utf8.count < 2000)
        }
    }

    @Test func `the built-in files are those of the repository`() async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/AuthServer/Pages/Files").standardizedFileURL
        let files = [
            ("style.css", "/accounts/style.css"), ("logo.svg", "/accounts/logo.svg"),
        ].map { (folder.appending(path: $0.0), $0.1) }
        try await TestServer().run { client in
            for (file, path) in files {
                let text = try String(contentsOf: file, encoding: .utf8)
                let served = try await BrowserClient(client).open(path)
                #expect(served.html == text, "run: Scripts/generate pages")
            }
        }
    }

    // MARK: Forms that cannot be handled

    @Test func `a form that is sent too late is shown again with its values`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            let old = try await BrowserClient(client).open("/accounts/signup/")
            _ = try await browser.open("/accounts/signup/")
            let fields = ["email": "ada@example.org", "password": Person.password]
            let answer = try await browser.submit(old, fields, to: old.path)
            #expect(answer.status == .forbidden)
            #expect(answer.html.contains("Please check the form and send it again."))
            #expect(answer.value(of: "email") == "ada@example.org")
            #expect(!answer.html.contains(Person.password))
            #expect(try await browser.submit(answer, fields, to: old.path).redirectPath == "/accounts")
        }
    }

    @Test(arguments: ["http://evil.example", "null"])
    func `values that another site has sent are not kept`(origin: String) async throws {
        try await TestServer().run { client in
            let answer = try await BrowserClient(client).send(
                form: "email=evil%40example.org", to: "/accounts/signup/", origin: origin)
            #expect(answer.status == .forbidden)
            #expect(!answer.html.contains("evil@example.org"))
            #expect(answer.html.contains("was not sent from this site"))
        }
    }

    @Test func `a browser without cookies gets a message`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let page = try await BrowserClient(client).open("/accounts/signup/")
            let answer = try await BrowserClient(client).submit(
                page, ["email": "ada@example.org", "password": Person.password], to: page.path)
            #expect(answer.status == .forbidden)
            #expect(answer.html.contains("allow cookies"))
            #expect(answer.value(of: "email") == "ada@example.org")
        }
        #expect(try await server.writes() == [0, 0])
    }

    // MARK: Messages and languages

    @Test func `done selects a message of a list`() async throws {
        try await TestServer().run { client in
            let browser = BrowserClient(client)
            let known = try await browser.open("/accounts/login/?done=logged-out")
            #expect(known.html.contains("role=\"status\">You are logged out."))
            let unknown = try await browser.open("/accounts/login/?done=hello")
            #expect(!unknown.html.contains("hello"))
        }
    }

    @Test func `a page is in the language that the browser asks for`() async throws {
        try await TestServer().run { client in
            let browser = BrowserClient(client)
            let page = try await browser.open("/accounts/login/", language: "de-AT, en;q=0.5")
            #expect(page.language == "de")
            #expect(page.html.contains("<h1>Anmelden</h1>"))
            #expect(page.headers[.contentLanguage] == "de")
            let french = try await browser.open("/accounts/login/", language: "fr")
            #expect(french.language == "en")
        }
    }

    // MARK: Settings

    @Test func `without pages only the API is served`() async throws {
        var settings = AuthServerSettings()
        settings.servesPages = false
        try await TestServer(settings: settings).run { client in
            let browser = BrowserClient(client)
            for path in Self.open + ["/", "/accounts/", "/accounts/style.css"] {
                let page = try await browser.open(path)
                #expect(page.status == .notFound, "\(path)")
            }
            #expect(try await browser.get("config").status == 200)
        }
    }

    @Test func `the start page leads to the log-in or to the account`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        let router = Router(context: BasicAuthRequestContext.self)
        AuthRoutes(accounts: server.accounts, settings: server.settings).addRoutes(to: router)
        AccountPages(accounts: server.accounts, settings: server.settings).addStartPage(to: router)
        try await Application(router: router, logger: .quiet).test(.router) { client in
            let browser = BrowserClient(client)
            let anonymous = try await browser.open("/")
            #expect(anonymous.redirectPath == "/accounts/login")
            _ = try await browser.get("config")
            _ = try await browser.post("auth/signup", Person.ada)
            let loggedIn = try await browser.open("/")
            #expect(loggedIn.redirectPath == "/accounts")
        }
    }

    @Test func `paths have the prefix of PUBLIC_URL`() async throws {
        try await TestServer { $0.links.publicURL = "http://127.0.0.1:8080/id/" }.run { client in
            let browser = BrowserClient(client)
            let account = try await browser.open("/accounts/")
            #expect(account.location?.hasPrefix("/id/accounts/login/") == true)
            let page = try await browser.open("/accounts/login/")
            #expect(page.html.contains("href=\"/id/accounts/signup/\""))
        }
    }
}
