// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension Faults {
    @Suite struct WeatherTests {
        /// The arguments are the run's seed, one that once crashed a worker, and one whose worker is never killed, so
        /// that the checker learns only from its log that its connection was lost.
        @Test(arguments: TestSeed.many(1) + [621_258, 1012])
        func `no signal is lost under random faults of connections and processes`(
            _ seed: UInt64
        ) async throws {
            let trial = Trial("24", "random connection cuts, resets and stalls; relay and worker killed")
            try await trial.run(seed: seed) { world in
                let proxies = try (0..<2).map { _ in try LoopbackProxy(to: world.broker.port) }
                defer { proxies.forEach { $0.close() } }
                func url(_ proxy: LoopbackProxy) -> [String: String] {
                    ["BROKER_URL": "amqp://127.0.0.1:\(proxy.port)?heartbeat=1"]
                }
                var relay = try world.actor("relay", url(proxies[0]))
                var worker = try world.actor("work", url(proxies[1]))
                let since = ContinuousClock.now
                try await world.withWriter {
                    while ContinuousClock.now - since < .seconds(max(4, TrialSettings.seconds)) {
                        let proxy = proxies[world.number(in: 0...1)]
                        switch world.number(in: 0...5) {
                        case 0: proxy.cut()
                        case 1: proxy.reset()
                        case 2: proxy.setSilent(true)
                        case 3: proxy.setDeaf(true)
                        case 4:
                            try await relay.stop(SIGKILL)
                            relay = try world.actor("relay", url(proxies[0]))
                        default:
                            try await worker.stop(SIGKILL)
                            worker = try world.actor("work", url(proxies[1]))
                        }
                        let (pause, start) = (world.number(in: 50...600), ContinuousClock.now)
                        try await eventually(within: .seconds(60), "the fault lasted long enough") {
                            ContinuousClock.now - start > .milliseconds(pause)
                        }
                        proxy.setSilent(false)
                        proxy.setDeaf(false)
                    }
                }
                proxies.forEach { $0.cut() }
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
        }

        /// A network cannot drop whole messages of a connection that stays open; a faulty broker or proxy can.
        @Test(arguments: TestSeed.many(1))
        func `dropped deliveries and confirms cause a reconnect and no loss`(
            _ seed: UInt64
        ) async throws {
            let trial = Trial("24 b", "deliveries and confirms dropped, connection stays open")
            try await trial.run(seed: seed) { world in
                let proxies = try (0..<2).map { _ in
                    try LoopbackProxy(to: world.broker.port, readsFrames: true)
                }
                defer { proxies.forEach { $0.close() } }
                func settings(_ proxy: LoopbackProxy) -> [String: String] {
                    [
                        "BROKER_URL": "amqp://127.0.0.1:\(proxy.port)/?heartbeat=1", "CONFIRM_SECONDS": "1",
                        "FIRST_PREFETCH": "16",
                    ]
                }
                let relay = try world.actor("relay", settings(proxies[0]))
                let worker = try world.actor("work", settings(proxies[1]))
                try await world.withWriter {
                    try await world.handled(20)
                    for turn in 0..<max(6, TrialSettings.kills) {
                        let proxy = proxies[turn % 2]
                        // Fewer than the prefetch, so that a later delivery reveals the gap.
                        proxy.swallow(world.number(in: 1...6))
                        try await eventually(within: .seconds(60), "the proxy had dropped them") {
                            proxy.leftToSwallow == 0
                        }
                        try await world.handled(20)
                    }
                }
                try await world.drain()
                #expect(worker.log.contains("protocol_error"))
                try await relay.stop()
                try await worker.stop()
            }
        }
    }
}
