// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Secrets do not leak")
    struct SecretsTests {
        @Test
        func `no password, session token or confirmation key reaches the broker, a log or the store`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            let installation = try Installation(
                broker: broker.url,
                settings: ["ACCOUNT_EMAIL_VERIFICATION": "mandatory", "LOG_LEVEL": "trace"])
            let worker = try await installation.consume(queue: "secrets")
            let server = try await installation.serve()
            var secrets: [String] = []

            let password = "planted-pass-\(UUID().uuidString)"
            let credentials = ["email": "ada@example.org", "password": password]
            secrets.append(password)
            let signup = try await server.call("POST", "/auth/signup", credentials)
            secrets.append(try #require(signup.token))
            let key = try await eventualValue("the mail is written") { installation.newestConfirmationKey() }
            secrets.append(key)
            #expect(try await server.call("POST", "/auth/email/verify", ["key": key]).status == 401)
            let wrong = "planted-wrong-\(UUID().uuidString)"
            secrets.append(wrong)
            let refused = try await server.call(
                "POST", "/auth/login", ["email": "ada@example.org", "password": wrong])
            #expect(refused.status == 400)
            let login = try await server.call("POST", "/auth/login", credentials)
            secrets.append(try #require(login.token))
            let next = "planted-next-\(UUID().uuidString)"
            secrets.append(next)
            let change = try await server.call(
                "POST", "/account/password/change", ["current_password": password, "new_password": next],
                token: login.token)
            secrets.append(try #require(change.token))
            // A pending mail may be in the store, with its key inside.
            _ = try await worker.handled(atLeast: 6)
            try await server.program.stop()
            try await worker.program.stop()

            var haystacks = installation.folder.files().filter { !$0.name.hasPrefix("mail") }
            haystacks.append(("the server's log", Data(server.program.log.utf8)))
            haystacks.append(("the worker's output", Data(worker.program.output.utf8)))
            haystacks.append(("the worker's log", Data(worker.program.log.utf8)))
            haystacks += broker.files()
            #expect(haystacks.contains { $0.name.contains("auth.sqlite") && $0.bytes.count > 4096 })
            for signal in ["account.user_logged_in", "account.login_failed"] {
                #expect(haystacks.contains { $0.bytes.range(of: Data(signal.utf8)) != nil })
            }
            for secret in secrets {
                #expect(secret.count >= 20)
                for haystack in haystacks {
                    #expect(
                        haystack.bytes.range(of: Data(secret.utf8)) == nil, "a secret is in \(haystack.name)")
                }
            }
        }

        @Test func `no log line at level info shows an email address`() async throws {
            let installation = try Installation(
                broker: try await PrivateBroker.shared.url,
                settings: ["ACCOUNT_EMAIL_VERIFICATION": "mandatory", "LOG_LEVEL": "info"])
            let worker = try await installation.consume(queue: "quiet")
            let server = try await installation.serve()
            try await installation.walk(server)
            _ = try await worker.handled(atLeast: 7)
            try await server.program.stop()
            try await worker.program.stop()
            #expect(!server.program.log.contains("ada@example.org"))
            #expect(!worker.program.log.contains("ada@example.org"))
        }
    }
}
