// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import FaultSupport
import Testing

extension Faults {
    @Suite struct BrokerKilledTests {
        @Test func `no signal is lost if the broker is killed while publishing`() async throws {
            try await Trial("1", "broker killed with SIGKILL while publishing, restarted").run { world in
                try await world.withRelay { _ in
                    try await world.withWorker { _ in
                        try await world.withWriter {
                            for _ in 0..<max(1, TrialSettings.kills / 3) {
                                try await world.confirmed(world.number(in: 100...400))
                                // More than a window is in flight when the broker is killed.
                                try await world.write(400)
                                try await world.broker.kill()
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
