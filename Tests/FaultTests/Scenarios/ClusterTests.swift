// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension Faults {
    @Suite struct ClusterTests {
        /// Three trials on one cluster, since starting three nodes takes most of their time.
        @Test
        func `no signal is lost if a cluster grows, if each node is restarted, and if each node is drained`()
            async throws
        {
            let first = try await PrivateBroker.start("--management")
            var nodes = [first]
            try await Trial("13 b", "two nodes join, queues grow to three members, first node killed").run(
                on: first
            ) { world in
                // One after the other, because two concurrent joins would conflict on the first node.
                for _ in 0..<2 { nodes.append(try await PrivateBroker.start("--join", first.directory)) }
                try await world.working(at: nodes) {
                    try await world.confirmed(100)
                    try await world.growQueues(first)
                    try await first.leave(killed: true)
                    try await world.confirmed(100)
                    try await first.restart()
                    try await world.confirmed(100)
                }
            }
            try await Trial("13", "three nodes, quorum queues, each node restarted in turn").run(on: first) {
                world in
                try await world.working(at: nodes) {
                    for (index, node) in nodes.enumerated() {
                        try await world.confirmed(100)
                        // One node is stopped cleanly, the others are killed.
                        try await node.leave(killed: index != 1)
                        try await world.confirmed(100)
                        try await node.restart()
                    }
                    try await world.confirmed(100)
                }
            }
            try await Trial("13 c", "three nodes, each drained with `rabbitmq-upgrade drain` in turn").run(
                on: first
            ) { world in
                try await world.working(at: nodes) {
                    for node in nodes {
                        try await world.confirmed(100)
                        try await node.upgrade("drain")
                        try await world.confirmed(100)
                        try await node.upgrade("revive")
                    }
                    try await world.confirmed(100)
                }
                // A drained node closes its connections.
                #expect(world.timesConnected("trial consumer") > 1)
                #expect(world.timesConnected("trial publisher") > 1)
            }
            for node in nodes.reversed() { try await node.kill() }
        }
    }
}

extension TrialWorld {
    /// Runs a body concurrently with a writer, and with a relay and a worker that know all nodes of a cluster.
    fileprivate func working(at nodes: [PrivateBroker], _ body: () async throws -> Void) async throws {
        var settings = try settings
        settings.urls = try nodes.map { try BrokerURL($0.url) }
        settings.confirmTimeout = .seconds(3)
        try await withRelay(settings) { _ in
            try await withWorker(settings) { _ in
                try await withWriter { try await body() }
                try await drain()
            }
        }
    }

    /// Runs the commands that `topology check` suggests for queues that lack members, until it finds none.
    fileprivate func growQueues(_ node: PrivateBroker) async throws {
        let management = ["BROKER_MANAGEMENT_URL": node.managementURL]
        let environment = installation.environment.merging(management) { $1 }
        func check() async throws -> Program {
            let check = try Program("auth-signals", ["topology", "check"], environment: environment)
            _ = try await check.exitCode()
            return check
        }
        // The management API shows new nodes and members when it has collected its statistics again.
        let lacking = try await eventualValue(within: .seconds(60), "two queues lack two members") {
            let lines = try await check().lines.filter { $0.contains("has 1 of 3 members") }
            return lines.count == 2 ? lines : nil
        }
        for line in lacking {
            let fix = try #require(line.range(of: "; fix: "))
            try await node.shell(String(line[fix.upperBound...]))
        }
        try await eventually(within: .seconds(60), "every queue has three members") {
            try await check().exitCode() == 0
        }
    }
}
