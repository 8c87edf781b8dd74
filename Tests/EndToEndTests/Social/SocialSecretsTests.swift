// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Provider tokens do not leak")
    struct SocialSecretsTests {
        private static let key = "k1:" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

        @Test(arguments: [true, false])
        func `no provider token reaches the broker, a log, the store or the hook`(keys: Bool)
            async throws
        {
            let broker = try await PrivateBroker.shared
            let provider = try await FaultyProvider.start()
            let marker = "planted-\(UUID().uuidString)"
            try await provider.behave([
                "access_token": .string(marker), "refresh_token": .string(marker + "-refresh"),
            ])
            var settings = [
                "SOCIALACCOUNT_STORE_TOKENS": "true", "LOG_LEVEL": "trace",
                "PRE_SOCIAL_LOGIN_URL": provider.issuer + "/hook",
                "PRE_SOCIAL_LOGIN_SECRET": "whsec_" + Data(count: 32).base64EncodedString(),
                // The log-in, with the token, waits for a code.
                "ACCOUNT_LOGIN_BY_CODE_REQUIRED": "socialaccount",
            ]
            if keys {
                settings["SIGNALS_TOKEN_KEYS"] = Self.key
                settings["SIGNALS_TOKEN_REFRESH"] = "true"
            }
            let installation = try await Installation.social(
                broker: broker.url, issuer: provider.issuer, settings: settings)
            let worker = try await installation.consume(queue: "tokens")
            var server = try await installation.serveWithProvider()
            let browser = try PlainBrowser()
            let page = try await browser.open(try await browser.callback(from: server))
            #expect(page.sent("error") == nil, "\(server.program.log.suffix(1000))")
            _ = try await worker.handled(atLeast: 3)

            // The server restarts while the log-in waits for its code.
            var haystacks = [("the first server's log", Data(server.program.log.utf8))]
            try await server.program.stop()
            server = try await installation.serveWithProvider()
            let mail = try await eventualValue("the code is mailed") { installation.mails().last }
            let code = try #require(mail.firstMatch(of: /\b([A-Z]{4}-[A-Z]{4})\b/).map { String($0.1) })
            #expect(try await browser.confirm(code, server).status == 200)
            let handled = try await worker.handled(atLeast: 5)
            #expect(
                handled.map(\.signal).sorted() == [
                    "account.authentication_step_completed", "account.authentication_step_completed",
                    "account.user_logged_in", "account.user_signed_up", "socialaccount.pre_social_login",
                ])
            for signal in handled where !signal.signal.hasSuffix("step_completed") {
                // Each token opens with the worker's key for its own event. Without keys no token is sent.
                #expect(
                    signal.data["sociallogin"]?["token"]?.string == (keys ? "… opens" : nil),
                    "\(signal.signal)")
            }
            try await server.program.stop()
            try await worker.program.stop()

            haystacks += installation.folder.files().map { ($0.name, $0.bytes) }
            haystacks.append(("the server's log", Data(server.program.log.utf8)))
            haystacks.append(("the worker's output", Data(worker.program.output.utf8)))
            haystacks.append(("the worker's log", Data(worker.program.log.utf8)))
            haystacks.append(("the hook", try JSONEncoder().encode(try await provider.heard())))
            haystacks += broker.files().map { ($0.name, $0.bytes) }
            try await provider.program.stop()
            #expect(haystacks.contains { $0.1.range(of: Data("pre_social_login".utf8)) != nil })
            if keys, TestStore.isSQLite {
                // The sealed token is found, so the search covers the right places.
                #expect(haystacks.contains { $0.1.range(of: Data(#""token":"eyJ"#.utf8)) != nil })
            }
            for secret in [marker, Data(marker.utf8).base64EncodedString(), String(Self.key.dropFirst(3))] {
                for (name, bytes) in haystacks {
                    #expect(bytes.range(of: Data(secret.utf8)) == nil, "a secret is in \(name)")
                }
            }
        }

        @Test func `a worker without the key reports it and keeps running`() async throws {
            let provider = try await FaultyProvider.start()
            let installation = try await Installation.social(
                broker: try await PrivateBroker.shared.url, issuer: provider.issuer,
                settings: ["SIGNALS_TOKEN_KEYS": "other:" + Data(count: 32).base64EncodedString()])
            let worker = try await installation.consume(queue: "keyless")
            let server = try await installation.serveWithProvider(settings: ["SIGNALS_TOKEN_KEYS": Self.key])
            let browser = try PlainBrowser()
            _ = try await browser.open(try await browser.callback(from: server))
            let handled = try await worker.handled(atLeast: 4)
            let login = handled.first { $0.signal == "account.user_logged_in" }
            #expect(
                login?.data["sociallogin"]?["token"]?.string
                    == "… the token was sealed with an unknown key: 'k1'; known keys (SIGNALS_TOKEN_KEYS): 'other'"
            )
            try await server.program.stop()
            try await worker.program.stop()
            try await provider.program.stop()
        }
    }
}
