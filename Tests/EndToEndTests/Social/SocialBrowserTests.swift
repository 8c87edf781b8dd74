// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// Uses a third-party provider (PyPI's `oidc-provider-mock`) and a real browser (Chromium).
    @Suite("Provider log-in in a browser")
    struct SocialBrowserTests {
        @Test func `a log-in that starts on the log-in page reaches the worker`() async throws {
            let port = try TestTools.freePort()
            let issuer = "http://127.0.0.1:\(port)"
            let provider = try Program(
                TestTools.python(), ["-m", "oidc_provider_mock", "--port", "\(port)"],
                environment: ["PYTHONWARNINGS": "ignore"])
            try await eventually("the provider listens: \(provider.log)") {
                (try? await Answer("GET", issuer + "/.well-known/openid-configuration"))?.status == 200
            }
            let person = #"{"email": "ada@example.org", "email_verified": true, "name": "Ada"}"#
            #expect(
                try await Answer("PUT", issuer + "/users/ada-4711", json: person, token: nil).status == 204)

            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: issuer)
            let worker = try await installation.consume(queue: "browser")
            let server = try await installation.serveWithProvider()
            try await Chromium.browsing { browser in
                try await browser.open(server.base + "/accounts/login")
                #expect(try await browser.text.contains("Staff"))
                try await browser.click(".buttons button")
                #expect(try await browser.address.hasPrefix(issuer + "/oauth2/authorize?"))
                try await browser.type("ada-4711", into: "input[name=sub]")
                try await browser.click("form button")
                #expect(try await browser.address == server.base + "/accounts/")
                #expect(try await browser.text.contains("You are logged in as ada@example.org."))
            }
            let handled = try await worker.handled(atLeast: 4)
            #expect(handled.map(\.signal).sorted() == SocialFaultTests.signUp.sorted())
            let login = try #require(handled.first { $0.signal == "account.user_logged_in" })
            #expect(login.data["methods"] == ["socialaccount"])
            #expect(login.data["request"]?["client"] == "browser")
            #expect(login.data["sociallogin"]?["provider"] == "staff")
            #expect(login.data["sociallogin"]?["uid"] == "ada-4711")
            #expect(login.data["user"]?["email"] == "ada@example.org")
            #expect(login.data["sociallogin"]?["token"] == nil)

            // A user who denies access is not logged in. This provider then sends no `state`, so the server cannot
            // find the log-in and shows only that it did not work.
            try await Chromium.browsing { browser in
                try await browser.open(server.base + "/accounts/login")
                try await browser.click(".buttons button")
                try await browser.click("button[name=action][value=deny]")
                #expect(try await browser.address.contains("error=unknown"))
                #expect(try await browser.text.contains("This did not work. Please try again."))
            }
            try await eventually("all signals are published") {
                try await server.readiness().part("pending") == "0"
            }
            #expect(worker.handled().count == 4)
            try await server.program.stop()
            try await worker.program.stop()
            try await provider.stop()
        }
    }
}
