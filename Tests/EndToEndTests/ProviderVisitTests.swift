// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension EndToEnd {
    @Suite("A browser's log-in with the dummy provider")
    struct ProviderVisitTests {
        @Test func `a log-in that starts on the server's own page reaches the worker`() async throws {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(
                broker: broker.url, settings: ["SOCIALACCOUNT_DUMMY": "true"])
            // Links point to PUBLIC_URL, so the port must be known in advance.
            let port = try TestTools.freePort()
            let base = "http://127.0.0.1:\(port)"
            let worker = try await installation.consume(queue: "visit")
            let server = try await installation.serve(
                settings: ["HTTP_PORT": "\(port)", "PUBLIC_URL": base])

            let browser = Browser()
            var page = try await browser.open(base + "/accounts/login")
            #expect(page.text.contains(">Continue with Dummy</button>"))
            page = try await browser.submit(page, to: "/_allauth/browser/v1/auth/provider/redirect")
            #expect(page.url.path() == "/_allauth/dummy/authorize")
            page = try await browser.submit(
                page, with: ["id": "7", "email": "grace@example.org", "email_verified": "true"])
            // `path` has no final slash; URLSession drops it in some redirects.
            #expect(page.url.path == "/accounts")
            #expect(page.text.contains("You are logged in as grace@example.org."))

            let signals = try await worker.handled(atLeast: 4)
            #expect(
                Set(signals.map(\.signal)) == [
                    "socialaccount.pre_social_login", "account.authentication_step_completed",
                    "account.user_signed_up", "account.user_logged_in",
                ])
            let loggedIn = try #require(signals.first { $0.signal == "account.user_logged_in" })
            #expect(loggedIn.data["sociallogin"]?["provider"] == "dummy")
            #expect(loggedIn.data["sociallogin"]?["uid"] == "7")
            #expect(loggedIn.data["request"]?["client"] == "browser")
            try await server.program.stop()
            try await worker.program.stop()
        }
    }
}

/// A minimal browser that keeps cookies, follows redirects and submits forms.
private struct Browser {
    struct Page {
        var url: URL
        var text: String
    }

    private let session = URLSession(configuration: .ephemeral)

    func open(_ url: String) async throws -> Page {
        try await load(URLRequest(url: try #require(URL(string: url)), timeoutInterval: 30))
    }

    /// Sends the page's form with its hidden fields.
    func submit(
        _ page: Page, to path: String? = nil, with fields: [String: String] = [:]
    ) async throws -> Page {
        var all = fields
        for hidden in page.text.matches(of: /<input name="([^"]+)" type="hidden" value="([^"]*)">/) {
            all[String(hidden.1)] = String(hidden.2).replacing("&amp;", with: "&")
        }
        let target = path.flatMap { URL(string: $0, relativeTo: page.url) } ?? page.url
        var form = URLComponents()
        form.queryItems = all.map { URLQueryItem(name: $0.key, value: $0.value) }
        var request = URLRequest(url: target, timeoutInterval: 30)
        request.httpMethod = "POST"
        request.httpBody = Data((form.percentEncodedQuery ?? "").replacing("+", with: "%2B").utf8)
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        return try await load(request)
    }

    private func load(_ request: URLRequest) async throws -> Page {
        let (data, response) = try await session.data(for: request)
        return Page(
            url: try #require(response.url), text: String(decoding: data, as: UTF8.self))
    }
}
