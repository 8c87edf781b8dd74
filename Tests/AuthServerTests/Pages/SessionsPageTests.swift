// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("The page of sessions")
struct SessionsPageTests {
    private static let path = "/accounts/sessions/"

    /// Two browsers in which Ada is logged in.
    private func browsers(
        _ client: any TestClientProtocol
    ) async throws -> (here: BrowserClient, there: BrowserClient) {
        let (here, there) = (BrowserClient(client), BrowserClient(client))
        _ = try await here.get("config")
        _ = try await there.get("config")
        _ = try await here.post("auth/signup", Person.ada)
        _ = try await there.post("auth/login", Person.ada)
        return (here, there)
    }

    @Test func `lists all sessions and marks the current one`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (here, there) = try await browsers(client)
            for browser in [here, there] {
                let page = try await browser.open(Self.path)
                #expect(page.status == .ok)
                #expect(page.html.matches(of: /<time/).count >= 2)
                #expect(page.html.matches(of: /This session/).count == 1)
                #expect(page.html.matches(of: /name="session"/).count == 1)
            }
        }
    }

    @Test func `ends another session`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (here, there) = try await browsers(client)
            let page = try await here.open(Self.path)
            let id = try #require(page.html.firstMatch(of: /name="session" type="hidden" value="([^"]+)"/)).1
            let answer = try await here.submit(page, ["session": String(id)], to: Self.path)
            #expect(answer.redirectPath == "/accounts/sessions")
            #expect(try await here.follow(answer).html.contains("role=\"status\""))
            #expect(try await there.get("auth/session").isAuthenticated == false)
            #expect(try await here.get("auth/session").isAuthenticated == true)
        }
    }

    @Test func `ends all other sessions`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (here, there) = try await browsers(client)
            let another = BrowserClient(client)
            _ = try await another.get("config")
            _ = try await another.post("auth/login", Person.ada)
            let page = try await here.open(Self.path)
            let answer = try await here.submit(page, ["action_others": "1"], to: Self.path)
            #expect(answer.redirectPath == "/accounts/sessions")
            #expect(try await there.get("auth/session").isAuthenticated == false)
            #expect(try await another.get("auth/session").isAuthenticated == false)
            #expect(try await here.get("auth/session").isAuthenticated == true)
        }
    }

    @Test(arguments: ["", "x", "00000000-0000-7000-8000-000000000000"])
    func `a session that is not the user's does not end`(id: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let (here, there) = try await browsers(client)
            let page = try await here.open(Self.path)
            let answer = try await here.submit(page, ["session": id], to: Self.path)
            #expect(answer.redirectPath == "/accounts/sessions")
            #expect(answer.headers[.location]?.contains("done") == false)
            #expect(try await there.get("auth/session").isAuthenticated == true)
        }
    }

    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            "Safari on iPhone"
        ),
        ("curl/8.5.0", "curl/8.5.0"), ("<script>", "&lt;script&gt;"), ("", "Unknown device"),
    ])
    func `names the device of a session`(userAgent: String, name: String) async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.run { client in
            let browser = BrowserClient(client)
            _ = try await browser.get("config")
            var headers: HTTPFields = [.userAgent: userAgent]
            headers[HeaderName("X-CSRFToken")!] = browser.csrf
            let ada = ByteBuffer(bytes: try JSONEncoder().encode(Person.ada))
            _ = try await browser.raw(.post, "/_allauth/browser/v1/auth/signup", headers, ada)
            #expect(try await browser.open(Self.path).html.contains("<strong>\(name)</strong>"))
        }
    }
}
