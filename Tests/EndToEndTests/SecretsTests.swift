// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Secrets do not leak")
    struct SecretsTests {
        @Test
        func
            `no password, session token, dashboard token or confirmation key reaches the broker, a log or the store`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            let token = "planted-token-\(UUID().uuidString)"
            let installation = try await Installation(
                broker: broker.url,
                settings: [
                    "ACCOUNT_EMAIL_VERIFICATION": "mandatory", "LOG_LEVEL": "trace",
                    "DASHBOARD": "true", "DASHBOARD_TOKEN": token,
                ])
            let worker = try await installation.consume(queue: "secrets")
            let server = try await installation.serve()
            var secrets = [token]

            let dashboard = server.base + "/dashboard/?token="
            let entered = try await Curl.load(dashboard + token, [])
            #expect(entered.status == 303)
            #expect(entered.location == server.base + "/dashboard/")
            let guess = "planted-guess-\(UUID().uuidString)"
            secrets.append(guess)
            #expect(try await Curl.load(dashboard + guess, []).status == 401)
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
            if TestStore.isPostgres {
                let tables = try await installation.storeTables()
                for (table, text) in [
                    ("auth_email_address", "ada@example.org"), ("auth_outbox_history", "account."),
                ] {
                    #expect(tables.contains { $0.name == table && $0.bytes.contains(text) })
                }
                haystacks += tables
            } else {
                #expect(haystacks.contains { $0.name.contains("auth.sqlite") && $0.bytes.count > 4096 })
            }
            for signal in ["account.user_logged_in", "account.login_failed"] {
                #expect(haystacks.contains { $0.bytes.contains(signal) })
            }
            for secret in secrets {
                #expect(secret.count >= 20)
                // PostgreSQL shows binary columns in hexadecimal digits.
                let digits = secret.utf8.map { String(format: "%02x", $0) }.joined()
                for haystack in haystacks {
                    let isFound = haystack.bytes.contains(secret) || haystack.bytes.contains(digits)
                    #expect(!isFound, "a secret is in \(haystack.name)")
                }
            }
        }

        @Test func `no log line at level info shows an email address`() async throws {
            let installation = try await Installation(
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

extension Data {
    fileprivate func contains(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}
