// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthTesting
import BrokerSupport
import FaultSupport
import Testing

extension Faults {
    @Suite struct BrokerKilledTests {
        @Test func `no signal is lost if the broker is killed while publishing`() async throws {
            try await Trial("1", "broker killed with SIGKILL while publishing, restarted").run { world in
                let proxy = try LoopbackProxy(to: world.broker.port)
                defer { proxy.close() }
                try await world.withRelay(world.settings(through: proxy)) { relay in
                    try await world.withWorker { _ in
                        try await world.withWriter {
                            for _ in 0..<max(1, TrialSettings.kills / 3) {
                                try await world.confirmed(world.number(in: 100...400))
                                // The broker's answers are held back, so that signals are in flight when it is killed.
                                proxy.setSilent(true)
                                try await world.write(400)
                                try await eventually(within: .seconds(60), "signals are in flight") {
                                    relay.relay.inFlight ?? 0 > 0
                                }
                                try await world.broker.kill()
                                proxy.cut()
                                proxy.setSilent(false)
                                try await world.broker.restart()
                            }
                            try await world.confirmed(100)
                        }
                        try await world.drain()
                    }
                }
                #expect(world.told("outcome of signals unknown; publishing them again") > 0)
            }
        }
    }
}
