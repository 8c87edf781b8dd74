// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("The tail command")
    struct TailCommandTests {
        @Test(arguments: [false, true])
        func `prints signals as JSON lines, personal data only with --full, and ends on Ctrl-C`(
            full: Bool
        ) async throws {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(broker: broker.url)
            let server = try await installation.serve(["--no-mail"])
            try await eventually("the relay is running") {
                try await server.readiness().part("relay") == "relaying"
            }
            let exchange = try installation.broker.exchange
            let tail = try Program(
                "auth-signals", ["tail", "account.user_*"] + (full ? ["--full"] : []),
                environment: installation.environment)
            try await eventually("tail consumes: \(tail.log)") {
                try await broker.consumedQueueNames().contains { $0.hasPrefix(exchange + ".tail.") }
            }
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let lines = try await eventualValue("two lines") { tail.lines.count >= 2 ? tail.lines : nil }
            let values = try lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
            #expect(
                values.map { $0["signal"]?.string } == ["account.user_signed_up", "account.user_logged_in"])
            #expect(
                values.first?["data"]?["user"]?["email"]?.string == (full ? "ada@example.org" : "…"))
            tail.send(SIGINT)
            #expect(try await tail.exitCode() == 0)
            #expect(tail.log.isEmpty, "\(tail.log)")
            try await eventually("the queue of tail is deleted") {
                try await !broker.queueNames().contains { $0.hasPrefix(exchange + ".tail.") }
            }
            try await server.program.stop()
        }

        @Test func `ends when its output pipe is closed, even if no signal arrives`() async throws {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(broker: broker.url)
            try await installation.operate(["topology", "declare"])
            let shell = try Program(
                URL(filePath: "/bin/bash"),
                [
                    "-c", #""$0" tail | true; echo "${PIPESTATUS[0]}""#,
                    Repository.executable("auth-signals").path,
                ],
                environment: installation.environment)
            #expect(try await shell.exitCode() == 0)
            #expect(shell.output == "0\n", "\(shell.log)")
        }

        @Test func `exits with 1 if the exchange is missing and with 75 if the broker is unreachable`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let missing = try await installation.operate(["tail"], code: 1)
            #expect(missing.log.contains(try installation.broker.exchange))
            #expect(missing.log.split(separator: "\n").count == 1)
            try await Installation(broker: "amqp://127.0.0.1:1").operate(["tail"], code: 75)
            try await installation.operate(["tail", ""], code: 2)
        }

        @Test(arguments: [
            ["tail", "Account.#"], ["tail", "account.#", "account"],
            ["dead", "list", "q", "--name", "Account.#"],
            ["dead", "requeue", "q", "--name", "account"], ["dead", "drop", "q", "--name", "account..a"],
            ["outbox", "list", "--name", "Account.#"], ["outbox", "republish", "--name", "Account.#"],
            ["outbox", "purge", "--name", "account.1a"],
            ["outbox", "verify", "--inbox", "sqlite:x", "--name", "Account.#"],
            ["topology", "declare", "--queue", "q", "--bind", "Account.#"],
            ["topology", "check", "--queue", "q", "--bind", "account.user_*"],
        ])
        func `rejects a pattern that cannot match any signal`(arguments: [String]) async throws {
            let refused = try await Installation(broker: "amqp://127.0.0.1:1").operate(arguments, code: 2)
            #expect(refused.log.contains("cannot match any signal"))
            #expect(refused.log.split(separator: "\n").count == 1)
        }
    }
}
