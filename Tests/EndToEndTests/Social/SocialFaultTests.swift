// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// Each fault is tested end to end: browser cookies, the server's pages, its HTTP client and a faulty
    /// provider.
    @Suite("Provider faults over HTTP")
    struct SocialFaultTests {
        /// The fault of the provider's response, the error for the front end and the logged reason.
        static let faults: [(fault: String, error: String, logged: String)] = [
            ("wrong nonce", "unknown", "invalid_token"), ("no nonce", "unknown", "invalid_token"),
            ("wrong audience", "unknown", "invalid_token"), ("wrong issuer", "unknown", "invalid_token"),
            ("expired", "unknown", "invalid_token"), ("wrong signature", "unknown", "invalid_token"),
            ("slow", "unknown", "unreachable"), ("long", "unknown", "unreachable"),
        ]

        @Test func `rejects faulty provider responses without writing rows or emitting signals`()
            async throws
        {
            let provider = try await FaultyProvider.start()
            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: provider.issuer)
            let worker = try await installation.consume(queue: "faults")
            let server = try await installation.serveWithProvider()
            for (fault, error, logged) in Self.faults {
                let browser = try PlainBrowser()
                let callback = try await browser.callback(from: server)
                let before = server.program.log.count
                try await provider.behave(["fault": .string(fault)])
                let page = try await browser.open(callback)
                #expect(page.status == 302, "\(fault): \(page.text.prefix(300))")
                #expect(page.sent("error") == error, "\(fault)")
                #expect(page.sent("error_process") == "login", "\(fault)")
                let log = server.program.log.dropFirst(before)
                #expect(
                    log.contains("reason=\(logged): ") || log.contains("reason=\"\(logged): "),
                    "\(fault): \(log)")
                // The same callback again: its log-in has ended, whatever the provider would respond now.
                try await provider.behave([:])
                let again = try await browser.open(callback)
                #expect(again.sent("error") == "unknown", "\(fault), again")
                let here = try await browser.open(server.base + "/accounts/login")
                #expect(here.text.contains("Staff") && !here.text.contains("You are logged in"), "\(fault)")
            }
            try await expectNothing(installation, server, worker)

            // The provider rotates its key. Tokens with the new key are rejected until the keys may be fetched
            // again, 30 seconds after the last fetch. Then the log-in succeeds.
            try await provider.behave(["rotate": true])
            let browser = try await eventualValue(within: .seconds(60), "the new key is fetched") {
                () -> PlainBrowser? in
                let browser = try PlainBrowser()
                let page = try await browser.open(try await browser.callback(from: server))
                if page.location == server.base + "/accounts/login/" { return browser }
                #expect(page.sent("error") == "unknown")
                return nil
            }
            #expect(
                try await browser.open(server.base + "/accounts/").text.contains("You are logged in"))
            let handled = try await worker.handled(atLeast: 4)
            try await published(server)
            #expect(handled.map(\.signal).sorted() == Self.signUp.sorted())
            #expect(worker.handled().count == 4)
            #expect(try await installation.count("auth_user") == 1)
            try await server.program.stop()
            try await worker.program.stop()
            try await provider.program.stop()
        }

        /// The signals of a sign-up by a provider. `pre_social_login` does not have a subject yet, so a worker can
        /// handle it before, after or concurrently with the others.
        static let signUp = [
            "socialaccount.pre_social_login", "account.authentication_step_completed",
            "account.user_signed_up",
            "account.user_logged_in",
        ]

        @Test func `rejects a wrong state, another browser's callback and a replayed code`() async throws {
            let provider = try await FaultyProvider.start()
            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: provider.issuer)
            let worker = try await installation.consume(queue: "states")
            let server = try await installation.serveWithProvider()

            let browser = try PlainBrowser()
            let callback = try await browser.callback(from: server)
            let forged = callback.replacing(#/state=[^&]*/#, with: "state=forged")
            #expect(forged != callback)
            #expect(try await browser.open(forged).sent("error") == "unknown")
            // Log-in CSRF: a browser opens a callback that another browser started.
            #expect(try await PlainBrowser().open(callback).sent("error") == "unknown")
            let stranger = try PlainBrowser()
            _ = try await stranger.goToProvider(from: server)
            #expect(try await stranger.open(callback).sent("error") == "unknown")
            try await expectNothing(installation, server, worker)

            // The browser that started the log-in can use its callback once.
            #expect(try await browser.open(callback).sent("error") == nil)
            _ = try await worker.handled(atLeast: 4)
            #expect(try await browser.open(callback).sent("error") == "unknown")

            // The used code in the callback of another log-in: the provider rejects it.
            let code = try #require(
                URLComponents(string: callback)?.queryItems?.first { $0.name == "code" }?.value)
            let thief = try PlainBrowser()
            let own = try await thief.callback(from: server)
            let page = try await thief.open(own.replacing(#/code=[^&]*/#, with: "code=\(code)"))
            #expect(page.sent("error") != nil)
            #expect(
                !(try await thief.open(server.base + "/accounts/").text.contains("You are logged in")))
            #expect(try await installation.count("auth_user") == 1)
            try await published(server)
            #expect(worker.handled().map(\.signal).sorted() == Self.signUp.sorted())
            try await server.program.stop()
            try await worker.program.stop()
            try await provider.program.stop()
        }

        @Test func `reports an unreachable provider at the redirect and at the callback`() async throws {
            let provider = try await FaultyProvider.start()
            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: provider.issuer)
            let worker = try await installation.consume(queue: "down")
            let server = try await installation.serveWithProvider()
            let browser = try PlainBrowser()
            let callback = try await browser.callback(from: server)
            try await provider.program.stop(SIGKILL)
            #expect(try await browser.open(callback).sent("error") == "unknown")
            #expect(server.program.log.contains("unreachable: "))
            try await expectNothing(installation, server, worker)
            try await server.program.stop()

            // This server has not fetched anything from the provider yet.
            let fresh = try await installation.serveWithProvider()
            let page = try await PlainBrowser().goToProvider(from: fresh)
            #expect(page.status == 302)
            #expect(page.sent("error") == "unknown")
            try await expectNothing(installation, fresh, worker)
            try await fresh.program.stop()
            try await worker.program.stop()
        }

        // MARK: Support

        private func published(_ server: Server) async throws {
            try await eventually("all signals are published") {
                try await server.readiness().part("pending") == "0"
            }
        }

        private func expectNothing(_ installation: Installation, _ server: Server, _ worker: Worker)
            async throws
        {
            try await published(server)
            #expect(try await installation.count("auth_outbox") == 0)
            #expect(try await installation.count("auth_user") == 0)
            #expect(try await installation.count("auth_email_address") == 0)
            #expect(worker.handled().isEmpty)
        }
    }
}
