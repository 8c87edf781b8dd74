// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthSignals
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import ProgramSupport
import Testing

extension Faults {
    @Suite struct WorkerTests {
        @Test func `the worker is killed with a full prefetch`() async throws {
            try await Trial("14", "worker killed with SIGKILL, prefetch full").run { world in
                try await world.withRelay { _ in
                    let kills = max(4, TrialSettings.kills)
                    try await world.write(300 + kills * 60)
                    for _ in 0..<kills {
                        let worker = try world.actor("work", ["PAUSE": "8"])
                        try await world.handled(world.number(in: 10...60))
                        try await worker.stop(SIGKILL)
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
        }

        @Test
        func `the worker dies between its effect's commit and the acknowledgement, and before the effect`()
            async throws
        {
            try await Trial("15", "worker dies before an effect, and between its commit and the ack").run {
                world in
                try await world.withRelay { _ in
                    try await world.write(200)
                    for place in ["afterEffect", "beforeEffect", "afterEffect"] {
                        let crash = "\(place):\(world.number(in: 5...25))"
                        let code = try await world.actor("work", ["CRASH": crash]).exitCode(
                            within: .seconds(60))
                        #expect(code == SIGKILL, "\(crash)")
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
        }

        @Test func `a worker that is asked to stop finishes what it has, and nothing is delivered twice`()
            async throws
        {
            let verdict = try await Trial("19", "worker stopped with SIGTERM under load").run { world in
                try await world.withRelay { _ in
                    let kills = max(3, TrialSettings.kills)
                    // A worker that is stopped finishes some 100 more that it has taken.
                    try await world.write(kills * 150)
                    for _ in 0..<kills {
                        let worker = try world.actor("work", ["PAUSE": "20", "CONCURRENCY": "50"])
                        try await world.handled(world.number(in: 10...40))
                        worker.send(SIGTERM)
                        let code = try await worker.exitCode(within: .seconds(60))
                        #expect(code == 0, "\(worker.log.suffix(500))")
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
            #expect(verdict.seenAgain == 0)
        }

        @Test func `of two workers with one active the active one is killed, and order holds over both`()
            async throws
        {
            try await Trial("22", "single active worker killed, the next takes over: strict order").run(
                singleActive: true
            ) { world in
                world.isStrict.change { $0 = true }
                let settings = ["SINGLE_ACTIVE": "1", "PAUSE": "5"]
                try await world.withRelay { _ in
                    let kills = max(3, TrialSettings.kills)
                    try await world.write(280 + kills * 40)
                    var workers = [try world.actor("work", settings)]
                    try await world.handled(10)
                    for _ in 0..<kills {
                        workers.append(try world.actor("work", settings))
                        try await world.handled(world.number(in: 10...40))
                        try await workers.removeFirst().stop(SIGKILL)
                    }
                    try await world.drain()
                    for worker in workers { try await worker.stop() }
                }
            }
        }
    }
}
