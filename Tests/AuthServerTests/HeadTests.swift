// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("HEAD")
struct HeadTests {
    private let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    private static let paths = [
        "/_allauth/app/v1/config", "/_allauth/browser/v1/config", "/_allauth/app/v1/auth/session",
        "/_allauth/browser/v1/auth/session", "/_allauth/app/v1/auth/sessions",
        "/_allauth/app/v1/account/email", "/_allauth/app/v1/account/providers",
        "/_allauth/app/v1/auth/email/verify", "/_allauth/app/v1/auth/password/reset",
        "/_allauth/app/v1/auth/provider/signup", "/_allauth/app/v1/unknown", "/_allauth",
        "/_allauth/app/v1/auth",
        "/accounts/login", "/accounts/login/?error=cancelled", "/accounts/signup", "/accounts/style.css",
        "/accounts/logo.svg", "/accounts/password/reset",
        "/accounts/password/reset/wrong", "/accounts/password/reset/done/", "/accounts/confirm-email/wrong",
        "/accounts/email/", "/accounts/sessions/", "/accounts/3rdparty/", "/accounts/reauthenticate/",
        "/_allauth/dummy/authorize", "/schemas/account.user_logged_in/1", "/schemas/unknown/1",
        "/schemas/account.user_logged_in/2", "/asyncapi.json",
    ]

    @Test(arguments: paths)
    func `HEAD is GET without a body`(path: String) async throws {
        let server = try TestServer(providers: [BelievingProvider()])
        let router = Router(context: BasicAuthRequestContext.self)
        AuthRoutes(accounts: server.accounts, settings: server.settings).addRoutes(to: router)
        AccountPages(accounts: server.accounts, settings: server.settings).addRoutes(to: router)
        SchemaRoutes(schemaBase: "https://accounts.example.org/schemas").addRoutes(to: router)
        try await Application(router: router, logger: .quiet).test(.router) { client in
            let get = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            let head = try await client.executeRequest(uri: path, method: .head, headers: [:], body: nil)
            #expect(head.status == get.status)
            #expect(head.body.readableBytes == 0)
            #expect(get.body.readableBytes > 0)
            #expect(head.headers[.contentLength] == get.headers[.contentLength])
            #expect(head.headers[.contentType] == get.headers[.contentType])
            #expect(head.headers[.cacheControl] == get.headers[.cacheControl])
        }
        #expect(try await server.writes() == [0, 0])
    }

    @Test(arguments: [false, true])
    func `HEAD confirms no address, whatever GET does`(confirmsOnGet: Bool) async throws {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.confirmEmailOnGet = confirmsOnGet
        }
        try await server.run { client in
            _ = try await AppClient(client).post("auth/signup", ada)
            let url = try #require(try await server.mails().last?.values["url"])
            let path = try #require(URL(string: url)?.path)
            let before = try await server.signals()
            for _ in 1...2 {
                let head = try await client.executeRequest(uri: path, method: .head, headers: [:], body: nil)
                #expect(head.status == .ok)
                #expect(head.body.readableBytes == 0)
            }
            #expect(try await server.signals() == before)
            // The link is still valid.
            let browser = BrowserClient(client)
            let page = try await browser.open(path)
            if !confirmsOnGet { _ = try await browser.press(page) }
            #expect(try await server.signals() == before + ["account.email_confirmed"])
        }
    }

    @Test func `HEAD redeems no authorization code`() async throws {
        let server = try TestServer(providers: [BelievingProvider()])
        try await server.run { client in
            let head = try await client.executeRequest(
                uri: "/accounts/dummy/login/callback/?state=x&code=y", method: .head, headers: [:], body: nil)
            #expect(head.status == .found)
            #expect(head.headers[.location]?.hasSuffix("/accounts/login") == true)
            #expect(head.body.readableBytes == 0)
        }
        #expect(try await server.writes() == [0, 0])
    }
}
