// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("What is not there does not keep anybody out")
    struct OutageTests {
        @Test func `without a broker the server is ready, says so, and publishes when the broker comes`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            // A port that nobody listens on, until the second start.
            let installation = try Installation(broker: broker.url)
            let server = try await installation.serve(settings: [
                "BROKER_URL": "amqp://guest:hush@127.0.0.1:1"
            ])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let readiness = try await eventualValue("the broker's absence is told") {
                let answer = try await server.readiness()
                return answer.part("broker")?.contains("unreachable") == true ? answer : nil
            }
            #expect(readiness.status == 200)
            #expect(Int(readiness.part("pending") ?? "") ?? 0 >= 2)
            try await eventually("the log tells of it") {
                server.program.log.contains("127.0.0.1:1")
            }
            #expect(!server.program.log.contains("hush"))
            try await server.program.stop()

            let worker = try await installation.consume(queue: "outage")
            let again = try await installation.serve()
            let handled = try await worker.handled(atLeast: 3)
            #expect(handled.map(\.signal).contains("account.user_signed_up"))
            try await again.program.stop()
            try await worker.program.stop()
        }

        @Test func `without a mail server a sign-up works and the mail waits`() async throws {
            let installation = try Installation(
                broker: try await PrivateBroker.shared.url, settings: ["MAIL_URL": "smtp://127.0.0.1:1"])
            let server = try await installation.serve()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let readiness = try await server.readiness()
            #expect(readiness.status == 200)
            #expect(readiness.part("mail_pending") == "1")
            try await server.program.stop()
        }

        @Test func `a message that is no event is set aside with its reason, and the worker goes on`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            let installation = try Installation(broker: broker.url)
            let worker = try await installation.consume(queue: "hostile")
            let server = try await installation.serve()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            _ = try await worker.handled(atLeast: 3)
            #expect(
                try await installation.publish("{no event", routingKey: "account.user_logged_in")
                    == .confirmed)
            #expect(
                try await server.call(
                    "POST", "/auth/signup", ["email": "bob@example.org", "password": "correct-horse"]
                )
                .status == 200)
            _ = try await worker.handled(atLeast: 6)
            try await eventually("the dead letter is there") {
                try await installation.deadLetters(of: "hostile") == 1
            }
            #expect(worker.program.log.contains("malformed"))
            try await server.program.stop()
            try await worker.program.stop()
        }
    }
}
