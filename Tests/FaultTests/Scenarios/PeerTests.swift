// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthTesting
import BrokerSupport
import FaultSupport
import Testing

extension Faults {
    @Suite struct PeerTests {
        struct Fault: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var number: String
            var begin: @Sendable (LoopbackProxy) -> Void
            var end: @Sendable (LoopbackProxy) -> Void = { $0.cut() }
        }

        static let faults = [
            Fault(testDescription: "goes silent", number: "4", begin: { $0.setSilent(true) }) {
                $0.setSilent(false)
                $0.cut()
            },
            Fault(testDescription: "stops reading", number: "4 b", begin: { $0.setDeaf(true) }) {
                $0.setDeaf(false)
                $0.cut()
            },
            Fault(testDescription: "resets the connection", number: "4 c", begin: { $0.reset() }),
        ]

        @Test(arguments: faults)
        func `relay and worker close the connection to a failing peer and reconnect`(_ fault: Fault)
            async throws
        {
            try await Trial(fault.number, "peer of relay and worker \(fault.testDescription)").run {
                world in
                let proxy = try LoopbackProxy(to: world.broker.port)
                defer { proxy.close() }
                var settings = try world.settings(through: proxy)
                settings.heartbeat = .seconds(1)
                settings.confirmTimeout = .seconds(3)
                try await world.withRelay(settings) { relay in
                    try await world.withWorker(settings) { _ in
                        try await world.withWriter {
                            try await world.confirmed(50)
                            let losses = world.told("connection to the broker lost")
                            try await world.write(600)
                            fault.begin(proxy)
                            let since = ContinuousClock.now
                            try await eventually(within: .seconds(60), "the fault was noticed") {
                                world.told("connection to the broker lost") > losses
                            }
                            #expect(ContinuousClock.now - since < .seconds(30))
                            fault.end(proxy)
                            try await world.confirmed(50)
                        }
                        try await world.drain()
                    }
                }
            }
        }

        @Test func `acknowledgements for a lost connection are not sent on the next one`()
            async throws
        {
            try await Trial("21", "connection lost during slow handlers: stale acknowledgements").run {
                world in
                let proxy = try LoopbackProxy(to: world.broker.port)
                defer { proxy.close() }
                let random = Locked(world.generator())
                try await world.withRelay { _ in
                    try await world.withWorker(
                        world.settings(through: proxy),
                        before: { _ in
                            let pause = random.change { Int.random(in: 5...60, using: &$0) }
                            try await Task.sleep(for: .milliseconds(pause))
                        }
                    ) { _ in
                        try await world.write(240)
                        // The writer keeps the queue from running empty while a poll is late.
                        try await world.withWriter {
                            for _ in 0..<max(3, TrialSettings.kills) {
                                try await world.handled(20)
                                proxy.cut()
                            }
                        }
                        try await world.drain()
                    }
                }
                // The broker would have closed the channel with 406 for an unknown delivery tag.
                #expect(!world.heard("PRECONDITION_FAILED"))
            }
        }
    }
}
