// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("From HTTP through store, relay and RabbitMQ to the worker")
    struct SignalPathTests {
        @Test
        func `sign-up, confirmation, log-in, password change and log-out each reach the worker once`()
            async throws
        {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: ["ACCOUNT_EMAIL_VERIFICATION": "mandatory"])
            let worker = try await installation.consume(queue: "way")
            let server = try await installation.serve()
            try await installation.walk(server)
            let handled = try await worker.handled(atLeast: 7)
            let rest = handled.map(\.signal).filter { $0 != "account.email_confirmation_sent" }
            #expect(
                rest == [
                    "account.user_signed_up", "account.email_confirmed",
                    "account.authentication_step_completed",
                    "account.user_logged_in", "account.password_changed", "account.user_logged_out",
                ])
            #expect(handled.count == 7)
            let all = try await eventualValue("ten signals are handled") {
                let all = worker.everyHandled()
                return all.count >= 10 ? all : nil
            }
            #expect(
                all.map(\.signal).filter { $0 != "account.email_confirmation_sent" } == [
                    "account.user_signed_up", "account.email_confirmed", "account.signup_completed",
                    "account.authentication_step_completed", "account.user_logged_in", "account.login_failed",
                    "account.password_changed", "account.user_logged_out", "usersessions.session_ended",
                ])
            #expect(Set(all.map(\.id)).count == 10)
            try await server.program.stop()
            try await worker.program.stop()
        }

        @Test func `a signal that was committed before the process was killed is published after a restart`()
            async throws
        {
            let broker = try await PrivateBroker.shared.url
            let installation = try await Installation(broker: broker)
            let worker = try await installation.consume(queue: "killed")
            // This server commits and does not publish.
            let first = try await installation.serve(["--no-relay", "--no-mail"])
            #expect(try await first.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await first.program.stop(SIGKILL)
            #expect(worker.handled().isEmpty)
            let second = try await installation.serve(["--no-mail"])
            let handled = try await worker.handled(atLeast: 2)
            #expect(handled.map(\.signal) == ["account.user_signed_up", "account.user_logged_in"])
            try await second.program.stop()
            try await worker.program.stop()
        }

        @Test
        func `of two servers on one store, one relays, and the other takes over when it is killed`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "two")
            let first = try await installation.serve()
            try await eventually("the first server relays") {
                try await first.readiness().part("relay") == "relaying"
            }
            let second = try await installation.serve()
            #expect(try await second.readiness().part("relay") == "waiting_for_lease")
            #expect(try await second.call("POST", "/auth/signup", Installation.ada).status == 200)
            _ = try await worker.handled(atLeast: 3)
            try await first.program.stop(SIGKILL)
            try await eventually("the second server relays") {
                try await second.readiness().part("relay") == "relaying"
            }
            #expect(
                try await second.call(
                    "POST", "/auth/signup", ["email": "bob@example.org", "password": "correct-horse"]
                )
                .status == 200)
            let handled = try await worker.handled(atLeast: 6)
            #expect(Set(handled.map(\.id)).count == 6)
            try await second.program.stop()
            try await worker.program.stop()
        }

        @Test func `the demo script succeeds`() async throws {
            let folder = Repository.executable("auth-signals").deletingLastPathComponent().path
            let demo = try Program(
                Repository.root.appending(path: "Scripts/demo"), ["--no-build"],
                environment: ["HOME": NSTemporaryDirectory(), "BUILD_FOLDER": folder])
            let code = try await demo.exitCode(within: .seconds(120))
            let text = demo.output
            #expect(code == 0, "\(text) \(demo.log)")
            #expect(text.contains("emitted 10  confirmed by the broker 10  handled 10  duplicates 0"))
        }
    }
}

extension Installation {
    static let ada = ["email": "ada@example.org", "password": "correct-horse"]

    /// The account flow of `Scripts/demo`.
    func walk(_ server: Server, password: String = "correct-horse") async throws {
        let credentials = ["email": "ada@example.org", "password": password]
        #expect(try await server.call("POST", "/auth/signup", credentials).status == 401)
        let key = try await eventualValue("the mail is written") { newestConfirmationKey() }
        #expect(try await server.call("POST", "/auth/email/verify", ["key": key]).status == 401)
        let login = try await server.call("POST", "/auth/login", credentials)
        #expect(login.status == 200)
        let wrong = try await server.call(
            "POST", "/auth/login", ["email": "ada@example.org", "password": "wrong-password"])
        #expect(wrong.status == 400)
        let change = try await server.call(
            "POST", "/account/password/change",
            ["current_password": password, "new_password": password + "-2"], token: login.token)
        #expect(change.status == 200)
        #expect(try await server.call("DELETE", "/auth/session", token: change.token).status == 401)
    }
}
