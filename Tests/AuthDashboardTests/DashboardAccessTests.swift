// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Hummingbird
import Testing

@testable import AuthDashboard

@Suite struct DashboardAccessTests {
    private static let token = "a token of the test"

    @Test(arguments: [nil, "192.0.2.1", "::ffff:192.0.2.1"])
    func `without a token another machine is refused`(peer: String?) async throws {
        let browser = try DashboardBrowser()
        for path in ["/dashboard/", "/dashboard/page.js", "/dashboard/signals", "/dashboard/events"] {
            #expect(try await browser.send(.get, path, peer: peer).status == .forbidden)
        }
    }

    @Test(arguments: ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    func `without a token this machine is answered`(peer: String) async throws {
        let browser = try DashboardBrowser()
        #expect(try await browser.send(.get, "/dashboard/", peer: peer).status == .ok)
        #expect(
            try await browser.send(.get, "/dashboard/signals", host: "[::1]:8080", peer: peer).status == .ok)
    }

    @Test(arguments: ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", ""])
    func `a name that another site can resolve to this machine is refused`(host: String) async throws {
        let browser = try DashboardBrowser()
        #expect(try await browser.send(.get, "/dashboard/signals", host: host).status == .forbidden)
    }

    @Test func `without a token a request that a proxy has forwarded is refused`() async throws {
        let browser = try DashboardBrowser()
        let response = try await browser.send(
            .get, "/dashboard/signals", headers: ["X-Forwarded-For": "192.0.2.1"])
        #expect(response.status == .forbidden)
    }

    @Test(arguments: ["cross-site", "same-site"])
    func `another site's page can link to the page, and load nothing else`(site: String) async throws {
        let browser = try DashboardBrowser()
        let foreign = ["Sec-Fetch-Site": site]
        #expect(try await browser.send(.get, "/dashboard/", headers: foreign).status == .ok)
        for path in ["signals", "events", "mails", "dead/mail"].map({ "/dashboard/" + $0 }) {
            #expect(try await browser.send(.get, path, headers: foreign).status == .forbidden, "\(path)")
        }
        for own in ["same-origin", "none"] {
            let answer = try await browser.send(.get, "/dashboard/signals", headers: ["Sec-Fetch-Site": own])
            #expect(answer.status == .ok)
        }
    }

    @Test func `the token logs in by URL and is not in the cookie`() async throws {
        let browser = try DashboardBrowser(token: Self.token)
        #expect(try await browser.send(.get, "/dashboard/signals", peer: "192.0.2.1").status == .unauthorized)
        let response = try await browser.send(
            .get, "/dashboard/?token=a%20token%20of%20the%20test", host: "accounts.example.org",
            peer: "192.0.2.1")
        #expect(response.status == .seeOther)
        #expect(response.headers[.location] == "/dashboard/")
        let cookie = try #require(response.headers[.setCookie])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(!cookie.contains("token"))
        #expect(try await browser.send(.get, "/dashboard/signals", peer: "192.0.2.1").status == .ok)
    }

    @Test func `the form logs in only from this server's page`() async throws {
        let browser = try DashboardBrowser(token: Self.token)
        let foreign = try await browser.send(
            .post, "/dashboard/login", headers: ["Origin": "http://evil.example"],
            body: "token=a+token+of+the+test")
        #expect(foreign.status == .forbidden)
        let own = try await browser.send(
            .post, "/dashboard/login", headers: ["Origin": "http://localhost:8080"],
            body: "token=a+token+of+the+test")
        #expect(own.status == .seeOther)
    }

    @Test func `wrong tokens are limited for each address`() async throws {
        let browser = try DashboardBrowser(token: Self.token)
        for _ in 1...5 {
            let response = try await browser.send(.get, "/dashboard/?token=wrong", peer: "192.0.2.1")
            #expect(response.status == .unauthorized)
        }
        let path = "/dashboard/?token=a%20token%20of%20the%20test"
        #expect(try await browser.send(.get, path, peer: "192.0.2.1").status == .tooManyRequests)
        #expect(try await browser.send(.get, path, peer: "192.0.2.2").status == .seeOther)
    }

    @Test func `a changed cookie is refused`() async throws {
        let browser = try DashboardBrowser(token: Self.token)
        _ = try await browser.send(.get, "/dashboard/?token=a%20token%20of%20the%20test")
        browser.cookie.change { $0 = $0.map { $0.replacing("dashboardid=1", with: "dashboardid=9") } }
        #expect(try await browser.send(.get, "/dashboard/signals").status == .unauthorized)
    }

    @Test func `an action without the CSRF token or from another origin is refused`() async throws {
        let browser = try DashboardBrowser()
        let path = "/dashboard/dead/mail/one/drop"
        #expect(try await browser.act(path, csrf: "wrong").status == .forbidden)
        #expect(try await browser.act(path, origin: "http://evil.example").status == .forbidden)
        #expect(try await browser.act(path, origin: nil).status == .forbidden)
        #expect(await browser.letters.ids == ["one", "two"])
        #expect(try await browser.act(path).status == .ok)
        #expect(await browser.letters.ids == ["two"])
    }

    @Test func `reads the settings, and requires a token for other machines`() {
        var reader = SettingsReader([
            "DASHBOARD": "true", "DASHBOARD_TOKEN": "0123456789abcdef",
            "DASHBOARD_WORKERS": "http://127.0.0.1:9091/metrics, https://worker.example/metrics",
        ])
        let settings = DashboardSettings(
            reading: &reader, host: "0.0.0.0", publicURL: "http://localhost:8080")
        #expect(reader.faults.isEmpty)
        #expect(settings.isEnabled && settings.workers.count == 2)
        #expect(settings.token?.exposedText == "0123456789abcdef")
        #expect(!"\(settings)".contains("0123456789abcdef"))
        for (values, fault) in [
            (["DASHBOARD": "true"], "DASHBOARD_TOKEN"), (["DASHBOARD_TOKEN": "short"], "DASHBOARD_TOKEN"),
            (["DASHBOARD_WORKERS": "worker"], "DASHBOARD_WORKERS"),
        ] {
            var reader = SettingsReader(values)
            _ = DashboardSettings(
                reading: &reader, host: "0.0.0.0", publicURL: "http://localhost:8080")
            #expect(reader.faults.map(\.name) == [fault])
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", false), ("http://accounts.test", false),
        ("https://accounts.acme.com", true),
    ])
    func `a public server requires a token, even behind a proxy on its host`(url: String, isFault: Bool) {
        var reader = SettingsReader(["DASHBOARD": "true"])
        _ = DashboardSettings(reading: &reader, host: "127.0.0.1", publicURL: url)
        #expect(reader.faults.map(\.name) == (isFault ? ["DASHBOARD_TOKEN"] : []))
    }
}
