// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import BrokerSupport
import FaultSupport
import Testing

extension Faults {
    @Suite struct ClusterTests {
        @Test func `no signal is lost if each node of a cluster is restarted while publishing`() async throws
        {
            let first = try await PrivateBroker.start()
            var nodes = [first]
            // One after the other, because two concurrent joins would conflict on the first node.
            for _ in 0..<2 { nodes.append(try await PrivateBroker.start("--join", first.directory)) }
            let urls = try nodes.map { try BrokerURL($0.url) }
            try await Trial("13", "three nodes, quorum queues, each node restarted in turn").run(on: first) {
                world in
                var settings = try world.settings
                settings.urls = urls
                settings.confirmTimeout = .seconds(3)
                try await world.withRelay(settings) { _ in
                    try await world.withWorker(settings) { _ in
                        try await world.withWriter {
                            for (index, node) in nodes.enumerated() {
                                try await world.confirmed(100)
                                // One node is stopped cleanly, the others are killed.
                                try await node.leave(killed: index != 1)
                                try await world.confirmed(100)
                                try await node.restart()
                            }
                            try await world.confirmed(100)
                        }
                        try await world.drain()
                    }
                }
            }
            for node in nodes.reversed() { try await node.kill() }
        }
    }
}
