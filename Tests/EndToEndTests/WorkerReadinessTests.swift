// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Readiness of a worker that cannot dead-letter messages")
    struct WorkerReadinessTests {
        @Test func `a worker reports that it is not ready while it cannot republish messages`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "moving")
            let topology = try ConsumerTopology(queue: installation.name(of: "moving"), patterns: ["#"])
            let broker = try await PrivateBroker.shared
            // The dead-letter queue is full and rejects messages. Its limit is soft.
            try await broker.setPolicy(
                topology.queue, "^\(topology.queue)\\.dead$",
                #"{"max-length":1,"overflow":"reject-publish"}"#)
            for _ in 0..<20 {
                #expect(try await installation.publish("{no event", routingKey: "account.a") == .confirmed)
            }
            let unready = try await eventualValue("the worker is not ready") {
                let answer = try await Answer("GET", worker.base + "/readyz")
                return answer.status == 503 ? answer : nil
            }
            #expect(unready.part("moving")?.contains(topology.queue + ".dead") == true, "\(unready.text)")
            try await broker.clearPolicy(topology.queue)
            // RabbitMQ 3.10 keeps rejecting on an open channel; the worker opens a new one after 30 s.
            try await eventually(within: .seconds(180), "all messages are dead-lettered") {
                try await installation.deadLetters(of: "moving") == 20
            }
            try await eventually("the worker is ready again") {
                try await Answer("GET", worker.base + "/readyz").status == 200
            }
            try await worker.program.stop()
        }

        @Test
        func `a worker redeclares a deleted dead-letter queue and dead-letters the message`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "gone")
            let queue = installation.name(of: "gone")
            try await PrivateBroker.shared.evaluate(Self.deletion(of: queue + ".dead"))
            #expect(try await installation.publish("{no event", routingKey: "account.a") == .confirmed)
            try await eventually("the queue is redeclared, and the message is dead-lettered") {
                do { return try await installation.deadLetters(of: "gone") == 1 } catch is BrokerError {
                    return false
                }
            }
            try await eventually("the worker is ready") {
                try await Answer("GET", worker.base + "/readyz").status == 200
            }
            try await worker.program.stop()
        }

        private static func deletion(of queue: String) -> String {
            """
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"\(queue)">>)),
            rabbit_amqqueue:delete(Q, false, false, <<"test">>)
            """
        }
    }
}
