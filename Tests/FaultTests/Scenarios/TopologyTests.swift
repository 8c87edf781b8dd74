// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import FaultSupport
import ProgramSupport
import Testing

@testable import AuthBroker

extension Faults {
    @Suite struct TopologyTests {
        @Test func `no signal is lost if the exchange is deleted with outstanding confirms`() async throws {
            try await Trial("6", "exchange deleted with outstanding confirms; rows republished").run {
                world in
                let admin = try world.admin
                let exchange = try world.settings.exchange
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
                        // Republishes rows that reached the new exchange before both queues were bound.
                        try await world.republish([.unrouted, .confirmed])
                        try await world.drain()
                    }
                }
                #expect(try await world.store.status().unrouted == 0)
                #expect(
                    world.told("outcome of signals unknown; publishing them again") > 0)
            }
        }

        @Test func `rows without a bound queue are kept as unrouted and can be republished`() async throws {
            let verdict = try await Trial("7", "no queue bound; bound later, rows republished").run { world in
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

        @Test func `rows nacked because of a full queue wait by subject and are published once it has room`()
            async throws
        {
            try await Trial("8", "full queue with reject-publish: basic.nack").run { world in
                let admin = try world.admin
                let (full, exchange) = (world.installation.name(of: "full"), try world.settings.exchange)
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
                        // The limit is soft: messages in flight may exceed it.
                        try await eventually(within: .seconds(60), "many were nacked") {
                            try await world.write(20)
                            return world.told("signal nacked by the broker; deferred") > 40
                        }
                        try await world.write(100)
                        try await admin.perform { channel throws(BrokerError) in try channel.deleteQueue(full)
                        }
                        try await world.drain()
                    }
                }
            }
        }

        @Test func `a running worker redeclares its deleted queue and consumes again`() async throws {
            try await Trial("18", "queue deleted while being consumed").run { world in
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
