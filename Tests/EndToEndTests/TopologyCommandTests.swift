// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The topology commands")
    struct TopologyCommandTests {
        @Test func `declares over AMQP and reports missing, different and invisible objects`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let queue = installation.name(of: "topology")
            let check = ["topology", "check", "--queue", queue, "--bind", "account.#"]
            let nothing = try await installation.operate(check, code: 1)
            #expect(
                nothing.lines.count { $0.hasPrefix("fault: ") && $0.contains("does not exist; fix: ") } == 9)
            #expect(nothing.output.contains("not checked without BROKER_MANAGEMENT_URL"))
            #expect(nothing.log.split(separator: "\n").count == 1)

            let declared = try await installation.operate(
                ["topology", "declare", "--queue", queue, "--bind", "account.#"])
            #expect(declared.lines.contains("queue \(queue).dead"))
            let whole = try await installation.operate(check)
            #expect(whole.lines.first == "no differences from the contract found")
            // Declared for many workers, and wanted for one: an argument that cannot be changed.
            let other = try await installation.operate(check + ["--single-active", "--json"], code: 1)
            #expect(other.output.contains("x-single-active-consumer"))
        }

        @Test func `checks bindings, limits and permissions through the management API`() async throws {
            let broker = try await PrivateBroker.managed
            try await broker.withVirtualHost { virtualHost, url in
                let installation = try await Installation(
                    broker: url, settings: ["BROKER_MANAGEMENT_URL": broker.managementURL])
                let exchange = try installation.broker.exchange
                let queue = installation.name(of: "managed")
                try await installation.operate(
                    ["topology", "declare", "--queue", queue, "--bind", "acount.#"])
                try await broker.setPolicy("short", "^managed", #"{"max-length":5}"#, in: virtualHost)
                try await broker.addUser("stranger", password: "stranger")
                try await broker.setPermissions(
                    of: "stranger", configure: "^$", write: "^auth", read: "^$", in: virtualHost)
                let report = try await eventualValue("the report is complete") {
                    let program = try Program(
                        "auth-signals", ["topology", "check"], environment: installation.environment)
                    guard try await program.exitCode() == 1 else { return nil as String? }
                    return program.output.contains("max-length 5") ? program.output : nil
                }
                #expect(report.contains("note: queue \(queue) is bound with acount.#"))
                #expect(report.contains("note: exchange \(exchange) signals reach no queue: account."))
                #expect(report.contains("user stranger may write to \(exchange)"))
                // The user guest is an administrator and may do everything.
                #expect(!report.contains("user guest"))
                #expect(report.split(separator: "\n").allSatisfy { $0.contains("; fix: ") })
                try await broker.deleteUser("stranger")
            }
        }
    }
}
