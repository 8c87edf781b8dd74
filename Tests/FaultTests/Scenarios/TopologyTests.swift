// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import AuthStore
import AuthTesting
import FaultSupport
import ProgramSupport
import Testing

@testable import AuthBroker

extension Faults {
    @Suite struct TopologyTests {
        @Test func `the exchange is deleted with confirms outstanding`() async throws {
            try await Trial("6", "exchange deleted with confirms outstanding, bound again, sent again").run {
                world in
                let admin = try world.admin
                let exchange = try world.configuration.exchange
                let isFirst = Locked(true)
                let failpoints = RelayFailpoints { point in
                    guard point == .afterPublish,
                        isFirst.change({ first in
                            defer { first = false }
                            return first
                        })
                    else { return }
                    try await admin.perform { channel throws(BrokerError) in
                        try channel.deleteExchange(exchange)
                    }
                }
                try await world.write(3000)
                try await world.withWorker { _ in
                    try await world.withRelay(failpoints: failpoints) { _ in
                        try await eventually(within: .seconds(60), "the loss was noticed") {
                            world.told("connection to the broker lost") > 0
                        }
                        try await world.declare()
                        try await world.drain()
                        // Whatever went to the new exchange before both its queues were bound again.
                        try await world.republish([.unrouted, .confirmed])
                        try await world.drain()
                    }
                }
                #expect(try await world.store.status().unrouted == 0)
                #expect(
                    world.told("the broker has not answered for all signals; they are sent again") > 0)
            }
        }

        @Test func `no queue is bound: rows are kept as unrouted and sent when one is`() async throws {
            let verdict = try await Trial("7", "no queue bound; bound later, sent again").run { world in
                try await world.remove()
                try await world.admin.declareExchange()
                try await world.withRelay { _ in
                    try await world.write(200)
                    try await world.drain()
                    #expect(try await world.store.status().unrouted == 200)
                    try await world.declare()
                    try await world.withWorker { _ in
                        try await world.republish()
                        try await world.drain()
                    }
                }
            }
            #expect(verdict.unrouted == 0)
        }

        @Test func `a full queue makes the broker nack; rows wait by subject and pass when there is room`()
            async throws
        {
            try await Trial("8", "full queue with reject-publish: basic.nack").run { world in
                let admin = try world.admin
                let (full, exchange) = (world.installation.name(of: "full"), try world.configuration.exchange)
                try await admin.perform { channel throws(BrokerError) in
                    try channel.declareQueue(
                        full,
                        [
                            "x-queue-type": .string("quorum"), "x-max-length": .integer(20),
                            "x-overflow": .string("reject-publish"),
                        ])
                    try channel.bind(full, to: exchange, key: "#")
                }
                try await world.withWorker { _ in
                    try await world.withRelay { _ in
                        // The limit is soft: what is on its way passes it.
                        try await eventually(within: .seconds(60), "many were nacked") {
                            try await world.write(20)
                            return world.told("the broker did not store a signal; it is sent again") > 40
                        }
                        try await world.write(100)
                        try await admin.perform { channel throws(BrokerError) in try channel.deleteQueue(full)
                        }
                        try await world.drain()
                    }
                }
            }
        }

        @Test func `the worker's queue is deleted under it and declared again`() async throws {
            try await Trial("18", "queue deleted under its consumer").run { world in
                try await world.withRelay { _ in
                    try await world.withWorker { worker in
                        for _ in 0..<max(1, TrialSettings.kills / 3) {
                            try await world.write(100)
                            try await world.drain()
                            let losses = world.told("connection to the broker lost")
                            let queue = world.topology.queue
                            try await world.admin.perform { channel throws(BrokerError) in
                                try channel.deleteQueue(queue)
                            }
                            try await eventually(within: .seconds(60), "the worker consumes again") {
                                world.told("connection to the broker lost") > losses
                                    && worker.source.status.isReady
                            }
                        }
                        try await world.write(100)
                        try await world.drain()
                    }
                }
            }
        }
    }
}
