// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Outages of the broker and of the mail server")
    struct OutageTests {
        @Test func `a server without a broker is ready, reports it, and publishes when one is available`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            // The first start uses a port without a listener.
            let installation = try await Installation(broker: broker.url)
            let server = try await installation.serve(settings: [
                "BROKER_URL": "amqp://guest:hush@127.0.0.1:1"
            ])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let readiness = try await eventualValue("readiness reports the unreachable broker") {
                let answer = try await server.readiness()
                return answer.part("broker")?.contains("unreachable") == true ? answer : nil
            }
            #expect(readiness.status == 200)
            #expect(Int(readiness.part("pending") ?? "") ?? 0 >= 2)
            try await eventually("the log has the broker's address") {
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

        @Test func `a sign-up without a mail server succeeds, and the mail stays pending`() async throws {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: ["MAIL_URL": "smtp://127.0.0.1:1"])
            let server = try await installation.serve()
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let readiness = try await server.readiness()
            #expect(readiness.status == 200)
            #expect(readiness.part("mail_pending") == "1")
            try await server.program.stop()
        }

        @Test func `a malformed message is dead-lettered, and the worker keeps running`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(broker: broker.url)
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
            try await eventually("the message is dead-lettered") {
                try await installation.deadLetters(of: "hostile") == 1
            }
            #expect(worker.program.log.contains("malformed"))
            try await server.program.stop()
            try await worker.program.stop()
        }
    }
}
