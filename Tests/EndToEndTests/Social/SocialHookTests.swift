// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("PRE_SOCIAL_LOGIN_URL over HTTP")
    struct SocialHookTests {
        private static let secret = "whsec_" + Data(count: 32).base64EncodedString()

        /// - Parameter seconds: how long the hook may take.
        private func settings(
            _ provider: FaultyProvider, failOpen: Bool, seconds: Int = 5
        ) -> [String: String] {
            [
                "PRE_SOCIAL_LOGIN_URL": provider.issuer + "/hook", "PRE_SOCIAL_LOGIN_SECRET": Self.secret,
                "PRE_SOCIAL_LOGIN_TIMEOUT": "\(seconds)", "PRE_SOCIAL_LOGIN_FAIL_OPEN": "\(failOpen)",
                "PRE_SOCIAL_LOGIN_REDIRECT_HOSTS": "app.example.org",
            ]
        }

        private func visit(_ server: Server) async throws -> PlainBrowser.Page {
            let browser = try PlainBrowser()
            return try await browser.open(try await browser.callback(from: server))
        }

        @Test func `the hook's response decides, a time-out denies, and each emits one signal`() async throws
        {
            let provider = try await FaultyProvider.start()
            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: provider.issuer)
            let worker = try await installation.consume(queue: "hook")
            var server = try await installation.serveWithProvider(
                settings: settings(provider, failOpen: false))
            let cases: [(behaviour: [String: JSONValue], outcome: String, reason: String?)] = [
                (["hook": ["action": "deny", "reason": "on leave"]], "denied", "on leave"),
                (
                    ["hook": ["action": "connect", "to": "0199f0b1-0000-7000-8000-000000000001"]], "denied",
                    "action_not_allowed"
                ),
                (
                    ["hook": ["action": "redirect", "url": "https://evil.example/"]], "denied",
                    "redirect_not_allowed"
                ),
                (["hook": "garbage"], "denied", "error"),
                (
                    ["hook": ["action": "redirect", "url": "https://app.example.org/hello"]], "redirected",
                    nil
                ),
                (["hook": ["action": "proceed"], "fault": "slow hook"], "denied", "timeout"),
            ]
            for (index, (behaviour, outcome, reason)) in cases.enumerated() {
                if reason == "timeout" {
                    // Only this hook is too slow; a busy machine has more time for the others.
                    try await server.program.stop()
                    server = try await installation.serveWithProvider(
                        settings: settings(provider, failOpen: false, seconds: 1))
                }
                try await provider.behave(behaviour)
                let page = try await visit(server)
                if outcome == "redirected" {
                    #expect(page.location == "https://app.example.org/hello")
                } else {
                    #expect(page.sent("error") != nil, "\(behaviour): \(page)")
                }
                let handled = try await worker.handled(atLeast: index + 1)
                #expect(handled.count == index + 1)
                #expect(handled.last?.signal == "socialaccount.pre_social_login")
                #expect(handled.last?.data["outcome"]?.string == outcome, "\(behaviour)")
                #expect(handled.last?.data["reason"]?.string == reason, "\(behaviour)")
            }
            #expect(try await installation.count("auth_user") == 0)

            // The hook is unreachable and fails open: the log-in proceeds, and the signal has the reason.
            try await server.program.stop()
            server = try await installation.serveWithProvider(
                settings: settings(provider, failOpen: true, seconds: 1).merging(
                    ["PRE_SOCIAL_LOGIN_URL": "http://127.0.0.1:1/hook"]
                ) { $1 })
            try await provider.behave([:])
            #expect(try await visit(server).sent("error") == nil)
            let open = try await worker.handled(atLeast: cases.count + 4).dropFirst(cases.count)
            #expect(open.map(\.signal).sorted() == SocialFaultTests.signUp.sorted())
            let asked = open.first { $0.signal == "socialaccount.pre_social_login" }
            #expect(asked?.data["outcome"] == "proceeded")
            // Connecting is retried until the deadline, so either reason can occur.
            #expect(["error", "timeout"].contains(asked?.data["reason"]?.string))
            try await server.program.stop()
            try await worker.program.stop()
            try await provider.program.stop()
        }
    }
}
