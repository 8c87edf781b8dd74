// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    /// A broker with the definitions of `deploy/`: virtual host, users and permissions.
    @Suite("Broker users of the shipped definitions")
    struct ShippedDefinitionsTests {
        private struct Shipped {
            let broker: PrivateBroker
            let installation: Installation

            init() async throws {
                broker = try await PrivateBroker.managed
                // Of an earlier test. The import sets users and permissions again.
                try await broker.deleteVirtualHost("auth")
                let file = Repository.root.appending(path: "deploy/rabbitmq/definitions.json").path
                try await broker.ctl("import_definitions", file)
                installation = try await Installation(
                    broker: Self.url(broker, "publisher"), settings: ["BROKER_EXCHANGE": "auth.signals"])
            }

            static func url(_ broker: PrivateBroker, _ user: String) -> String {
                "amqp://\(user):\(user)-password@127.0.0.1:\(broker.port)/auth"
            }

            func management(_ user: String) -> String {
                broker.managementURL.replacing("guest:guest", with: "\(user):\(user)-password")
            }

            /// Runs a command as one of the broker's users.
            @discardableResult
            func operate(
                as user: String, _ arguments: [String], management: String? = nil, code: Int32 = 0
            ) async throws -> Program {
                var settings = ["BROKER_URL": Self.url(broker, user)]
                settings["BROKER_MANAGEMENT_URL"] = management.map(self.management)
                return try await installation.operate(arguments, settings: settings, code: code)
            }

            /// Runs the command that the error suggests and repeats the refused command until it succeeds.
            func grant(_ user: String, _ arguments: [String]) async throws {
                let environment = installation.environment.merging(["BROKER_URL": Self.url(broker, user)]) {
                    $1
                }
                for _ in 0..<20 {
                    let program = try Program("auth-signals", arguments, environment: environment)
                    try await eventually(within: .seconds(120), "it has ended or consumes: \(program.log)") {
                        if !program.isRunning { return true }
                        guard arguments == ["tail"] else { return false }
                        return try await tailConsumes()
                    }
                    if program.isRunning { program.send(SIGINT) }
                    if try await program.exitCode() == 0 { return }
                    let grant = try #require(program.log.range(of: "has() {"), "\(program.log)")
                    try await broker.shell(String(program.log[grant.lowerBound...]))
                }
                Issue.record("the command is still refused after 20 grants")
            }

            /// Whether `auth-signals tail` consumes from its queue.
            func tailConsumes() async throws -> Bool {
                try await broker.consumedQueueNames(in: "auth").contains {
                    $0.hasPrefix("auth.signals.tail.")
                }
            }

            func worker() async throws -> Program {
                let settings = ["BROKER_URL": Self.url(broker, "worker"), "METRICS_PORT": "0"]
                let portFile = installation.folder.path("worker-port")
                let program = try Program(
                    "auth-consumer",
                    [
                        "--queue", "worker", "--bind", "account.#", "socialaccount.#", "--format", "json",
                        "--port-file", portFile,
                    ], environment: installation.environment.merging(settings) { $1 })
                try await eventually("the worker consumes: \(program.log)") {
                    guard let port = FileManager.default.contents(atPath: portFile) else { return false }
                    let number = String(decoding: port, as: UTF8.self).trimmingCharacters(
                        in: .whitespacesAndNewlines)
                    return try await Answer("GET", "http://127.0.0.1:\(number)/readyz").status == 200
                }
                return program
            }
        }

        @Test func `every user can do its work, and the checks of a healthy system succeed`() async throws {
            let shipped = try await Shipped()
            let server = try await shipped.installation.serve(["--no-mail"])
            let worker = try await shipped.worker()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await eventually("the signals are handled: \(worker.log)") { worker.lines.count >= 2 }

            try await shipped.operate(
                as: "operator", ["topology", "declare", "--queue", "worker", "--bind", "account.#"])
            for (user, management) in [
                ("operator", "operator"), ("publisher", "admin"), ("operator", "admin"),
            ] {
                let check = try await shipped.operate(
                    as: user, ["topology", "check"], management: management)
                #expect(!check.output.contains("fault: "))
                #expect(!check.output.contains("NAME"))
                // Administrators see permissions, too.
                #expect(check.output.contains("permissions not visible") == (management == "operator"))
            }
            for user in ["operator", "worker"] {
                try await shipped.operate(
                    as: user, ["topology", "check", "--queue", "worker", "--bind", "account.#"])
                try await shipped.operate(as: user, ["dead", "list", "worker"])
            }
            try await shipped.operate(as: "operator", ["dead", "list", "worker"], management: "operator")
            try await shipped.operate(as: "operator", ["dead", "requeue", "worker", "--all"])
            let again = try await shipped.operate(
                as: "operator", ["outbox", "republish", "--name", "account.#", "--to", "worker"])
            #expect(again.output.hasSuffix(" signals republished to worker\n"))

            let tail = try Program(
                "auth-signals", ["tail"],
                environment: shipped.installation.environment.merging(
                    ["BROKER_URL": Shipped.url(shipped.broker, "operator")]) { $1 })
            try await eventually("tail consumes: \(tail.log)") {
                try await shipped.tailConsumes()
            }
            tail.send(SIGINT)
            #expect(try await tail.exitCode() == 0)
            try await worker.stop()
            try await server.program.stop()
        }

        @Test func `the dashboard inspects dead letters as the operator, and the server only publishes`()
            async throws
        {
            let shipped = try await Shipped()
            try await shipped.operate(
                as: "operator", ["topology", "declare", "--queue", "worker", "--bind", "account.#"])
            let operated = ["DASHBOARD_BROKER_URL": Shipped.url(shipped.broker, "operator")]
            for (settings, status) in [([:], 500), (operated, 200)] {
                let server = try await shipped.installation.serve(
                    ["--no-mail"], settings: settings.merging(["DASHBOARD": "true"]) { $1 })
                // Without a token the page gives its cookie to every local browser.
                let jar = shipped.installation.folder.path("cookies-\(status)")
                let page = try await Curl.load(server.base + "/dashboard/", ["-c", jar])
                #expect(page.status == 200)
                let letters = try await Curl.load(server.base + "/dashboard/dead/worker", ["-b", jar])
                #expect(letters.status == status, "\(letters.text)")
                if status == 200 {
                    #expect(letters.text.contains(#""messages":[]"#))
                } else {
                    #expect(letters.text.contains("The user publisher needs "))
                }
                try await server.program.stop()
            }
        }

        @Test(arguments: ["publisher", "worker"])
        func `a refused command reports the missing permission and how to grant it`(
            user: String
        ) async throws {
            let shipped = try await Shipped()
            try await shipped.operate(
                as: "operator", ["topology", "declare", "--queue", "worker", "--bind", "account.#"])
            let refused =
                user == "publisher"
                ? [["tail"], ["dead", "list", "worker"], ["topology", "declare", "--queue", "worker"]]
                : [["tail"], ["topology", "declare"]]
            for command in refused {
                let program = try await shipped.operate(as: user, command, code: 1)
                #expect(program.log.split(separator: "\n").count == 1)
                #expect(program.log.contains("The user \(user) needs "), "\(program.log)")
                #expect(program.log.contains("rabbitmqctl set_permissions -p auth \(user) "))
                #expect(!program.log.contains("access_refused"))
                #expect(!program.log.contains("password"))
            }
            try await shipped.installation.operate(["migrate"])
            let server = try await shipped.installation.serve(["--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await eventually("the signals are published") {
                try await shipped.installation.operate(["outbox", "status"]).output.contains("pending    0")
            }
            try await server.program.stop()
            if user == "publisher" {
                let republish = try await shipped.operate(
                    as: user, ["outbox", "republish", "--name", "account.#", "--to", "worker"], code: 1)
                #expect(
                    republish.log.contains(
                        "The user publisher needs write permission on the exchange worker.x"))
                #expect(!republish.log.contains("unknown("))
            }
            // The suggested commands, run one after the other, make the refused command succeed and keep the
            // user's permissions. The declaration of queues is left out: it needs ten commands.
            for command in refused.prefix(2) {
                try await shipped.grant(user, command)
            }
            let own = try #require(try await shipped.broker.permissions(of: user)["auth"])
            let kept = user == "publisher" ? #"^auth\.signals$"# : #"^worker(\..*)?$"#
            #expect(own.contains { $0.contains(kept) })
        }
    }
}
