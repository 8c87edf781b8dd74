// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Strict order with --single-active")
    struct SingleActiveTests {
        @Test func `one of two workers handles all signals in order, and the other takes over`()
            async throws
        {
            let broker = try await PrivateBroker.shared
            let installation = try await Installation(broker: broker.url)
            let first = try await installation.consume(
                queue: "strict", ["--single-active", "--concurrency", "1"])
            let second = try await installation.consume(
                queue: "strict", ["--single-active", "--concurrency", "1"])
            let listed = try await broker.ctl("list_queues", "name", "arguments")
            let line = listed.split(separator: "\n").first {
                $0.hasPrefix(installation.name(of: "strict") + "\t")
            }
            #expect(line?.contains("x-single-active-consumer") == true)

            let ids = (0..<60).map { _ in UUID().uuidString.lowercased() }
            for id in ids[..<30] { try await publish(id, installation) }
            #expect(try await first.handled(atLeast: 30).map(\.id) == Array(ids[..<30]))
            #expect(second.handled().isEmpty)
            try await first.program.stop(SIGKILL)
            for id in ids[30...] { try await publish(id, installation) }
            // Messages that the first had handled but not acknowledged are redelivered before all others.
            try await eventually(within: .seconds(60), "the last is handled: \(second.program.log)") {
                second.handled().last?.id == ids.last
            }
            let rest = second.handled().map(\.id)
            #expect(Array(rest.suffix(30)) == Array(ids[30...]))
            try await second.program.stop()

            let other = try Program(
                "auth-consumer", ["--queue", installation.name(of: "strict"), "--bind", "#"],
                environment: installation.environment)
            try await eventually("the other kind of queue is refused: \(other.log)") {
                other.log.contains("topology_mismatch")
            }
            try await other.stop()
        }

        private func publish(_ id: String, _ installation: Installation) async throws {
            let event = """
                {"specversion":"1.0","id":"\(id)","source":"http://accounts.test","type":"account.a",
                 "time":"2026-11-23T08:00:00.123Z","datacontenttype":"application/json","data":{"request":{}}}
                """
            #expect(try await installation.publish(event, routingKey: "account.a") == .confirmed)
        }
    }
}
