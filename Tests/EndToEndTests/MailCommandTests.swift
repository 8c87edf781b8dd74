// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthFlows
import AuthSignals
import AuthStore
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The commands for failed mails")
    struct MailCommandTests {
        @Test func `lists failed mails without the address, retries and deletes them`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["SECRET_KEY": String(repeating: "k", count: 32)])
            let server = try await installation.serve(
                ["--no-relay"], settings: ["MAIL_URL": "smtp://127.0.0.1:1"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
            let store = try await installation.openStore()
            let mails = try await store.dueMails(limit: 10, now: .distantFuture)
            for mail in mails { try await store.failed(mail, reason: "no such box", retryAt: nil) }

            let list = try await installation.operate(["mail", "list", "--json"])
            let line = try JSONDecoder().decode(
                JSONValue.self, from: Data(try #require(list.lines.first).utf8))
            #expect(list.lines.count == 1)
            #expect(line["template"]?.string == "email_confirmation_signup")
            #expect(line["reason"]?.string == "no such box")
            #expect(!list.output.contains("ada@example.org"))
            let id = try #require(line["id"]?.string)
            let full = try await installation.operate(["mail", "list", "--full"])
            #expect(full.output.contains("ada@example.org"))

            try await installation.operate(["mail", "retry"], code: 2)
            let retried = try await installation.operate(["mail", "retry", id])
            #expect(retried.output == "1 mails queued again\n")
            #expect(try await installation.operate(["mail", "list"]).lines.isEmpty)
            let none = try await installation.operate(["mail", "drop", "--all"])
            #expect(none.output == "0 mails deleted\n")

            let again = try await installation.serve(["--no-relay"])
            _ = try await eventualValue("the mail is delivered") { installation.newestConfirmationKey() }
            try await again.program.stop()
        }
    }
}
