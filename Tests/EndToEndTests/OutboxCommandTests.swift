// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The outbox commands")
    struct OutboxCommandTests {
        @Test func `a running server honours and reports a pause until the relay is resumed`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "paused")
            let server = try await installation.serve()
            let paused = try await installation.operate(["outbox", "pause"])
            #expect(paused.output.hasPrefix("paused since 20"))
            try await eventually("the relay is paused") {
                try await server.readiness().part("relay") == "paused"
            }
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let readiness = try await server.readiness()
            #expect(readiness.status == 200)
            #expect(readiness.part("paused_since")?.hasPrefix("20") == true)
            #expect(Int(readiness.part("pending") ?? "") ?? 0 >= 2)
            let status = try await installation.operate(["outbox", "status"])
            #expect(status.output.contains("outbox resume"))
            try await eventually("the metrics show the pause") {
                try await Answer("GET", server.base + "/metrics").text.contains("auth_signals_paused 1.0")
            }
            #expect(worker.handled().isEmpty)
            try await installation.operate(["outbox", "resume"])
            _ = try await worker.handled(atLeast: 3)
            try await server.program.stop()
            try await worker.program.stop()
        }

        @Test func `republishes signals to one queue, and verify counts those that an inbox has not seen`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let first = try await installation.consume(queue: "first")
            let server = try await installation.serve(["--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let before = try await first.handled(atLeast: 2)
            try await eventually("all signals are confirmed") {
                try await server.readiness().part("pending") == "0"
            }
            let cut = try await installation.operate([
                "outbox", "list", "--state", "confirmed", "--limit", "1",
            ])
            #expect(cut.lines.count == 1 && cut.log.contains("there are more"))
            let whole = try await installation.operate(["outbox", "list", "--state", "confirmed"])
            #expect(whole.lines.count == 2 && !whole.log.contains("there are more"))
            let inbox = "sqlite:" + installation.folder.path("late.sqlite")
            let late = try await installation.consume(queue: "late", settings: ["INBOX_URL": inbox])
            let queue = installation.name(of: "late")

            // The signals are older than the queue, so this worker did not have to handle them.
            let older = try await eventualValue("the worker's handlers are recorded in the inbox") {
                let verify = try await installation.operate(["outbox", "verify", "--inbox", inbox])
                return verify.output.contains("an older worker") ? nil : verify.output
            }
            #expect(older.contains("expected in the inbox 0, missing 0; not expected 2"))

            let republish = [
                "outbox", "republish", "--since", "1h", "--name", "account.user_*", "--to", queue,
            ]
            let dry = try await installation.operate(republish + ["--dry-run"])
            #expect(dry.output == "2 signals would be republished\n")
            let sent = try await installation.operate(republish)
            #expect(sent.output == "2 signals republished to \(queue)\n")
            let handled = try await late.handled(atLeast: 2)
            #expect(handled.map(\.id) == before.map(\.id))
            try await eventually("the inbox has seen the signals") {
                let verify = try Program(
                    "auth-signals", ["outbox", "verify", "--inbox", inbox, "--json"],
                    environment: installation.environment)
                return try await verify.exitCode() == 0
            }
            #expect(first.handled().count == 2)

            // The worker has to handle signals that are emitted while it is stopped.
            try await late.program.stop()
            let bob = ["email": "bob@example.org", "password": "correct-horse"]
            #expect(try await server.call("POST", "/auth/signup", bob).status == 200)
            _ = try await first.handled(atLeast: 4)
            try await eventually("all signals are confirmed") {
                try await server.readiness().part("pending") == "0"
            }
            let verify = ["outbox", "verify", "--inbox", inbox]
            let missing = try await installation.operate(verify, code: 1)
            #expect(missing.output.contains("expected in the inbox 2, missing 2"))
            #expect(missing.log == "auth-signals: 2 signals are missing in the inbox\n")
            let typo = try await installation.operate(verify + ["--handler", "lgo"], code: 2)
            #expect(typo.log.contains("no handler 'lgo'; existing handlers: log"))

            // A worker without handlers has nothing to handle.
            let idle = "sqlite:" + installation.folder.path("idle.sqlite")
            let without = try await installation.consume(
                queue: "idle", ["--no-log"], settings: ["INBOX_URL": idle])
            let nothing = try await eventualValue("the worker's handlers are recorded in the inbox") {
                let verify = try await installation.operate(["outbox", "verify", "--inbox", idle])
                return verify.output.contains("an older worker") ? nil : verify.output
            }
            #expect(nothing.contains("expected in the inbox 0, missing 0; not expected 4"))
            try await without.program.stop()

            let unknown = try await installation.operate(
                ["outbox", "republish", "--since", "1h", "--to", "missing"], code: 1)
            #expect(unknown.log.contains("consumer missing does not exist"))
            try await server.program.stop()
            try await first.program.stop()
        }

        @Test func `erases the signals of one subject from the store`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let list = try await installation.operate(["outbox", "list", "--json"])
            let line = try JSONDecoder().decode(
                JSONValue.self, from: Data(try #require(list.lines.first).utf8))
            let subject = try #require(line["subject"]?.string)
            let erased = try await installation.operate(["outbox", "erase", "--subject", subject])
            #expect(erased.output == "deleted: 2 pending signals, 0 signals of the history, 1 mails\n")
            #expect(try await installation.operate(["outbox", "list"]).lines.isEmpty)
            let verify = try await installation.operate(["outbox", "verify"])
            #expect(verify.output.contains("+ erased 2"))
            try await server.program.stop()
        }
    }
}
