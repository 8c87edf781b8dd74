// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import CRabbitMQ
import FaultSupport
import Foundation
import ProgramSupport
import Testing

@testable import AuthBroker

extension Faults {
    @Suite struct WorkerTests {
        @Test func `no signal is lost if the worker is killed with a full prefetch`() async throws {
            try await Trial("14", "worker killed with SIGKILL, prefetch full").run { world in
                try await world.withRelay { _ in
                    let kills = max(4, TrialSettings.kills)
                    try await world.write(300 + kills * 60)
                    // The writer keeps the queue from running empty while a poll is late.
                    try await world.withWriter {
                        for _ in 0..<kills {
                            let worker = try world.actor("work", ["PAUSE": "8"])
                            try await world.handled(world.number(in: 10...60))
                            try await worker.stop(SIGKILL)
                        }
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
        }

        @Test
        func `effects happen once if the worker is killed before an effect or before its acknowledgement`()
            async throws
        {
            try await Trial("15", "worker killed before an effect, and between its commit and the ack").run {
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

        @Test
        func `25 kills of a worker dead-letter no message that no handler started`()
            async throws
        {
            try await Trial("14 b", "worker killed 25 times before it handles anything").run { world in
                try await world.withRelay { _ in
                    try await world.write(40)
                    for _ in 0..<25 {
                        // Killed while its first handler runs, or while it dead-letters a message on its last delivery.
                        let worker = try world.actor("work", ["PAUSE": "600000"])
                        try await eventually(within: .seconds(60), "a handler has begun") {
                            try await world.evidence(emptyingTap: false).runs.last?.isEmpty == false
                        }
                        try await worker.stop(SIGKILL)
                    }
                    let begun = Set(
                        try await world.evidence(emptyingTap: false).runs.flatMap { $0 }.map(\.id))
                    try await world.withWorker { _ in
                        let letters = try await world.emptyDeadLetters()
                        let ids = Set(letters.compactMap { UUID(uuidString: $0.messageID) })
                        #expect(ids.isSubset(of: begun))
                        #expect(letters.allSatisfy { $0.headers["auth-reason"] == .string("delivery-limit") })
                        world.dead.change { $0 = ids }
                        try await world.drain()
                    }
                }
            }
        }

        @Test func `a message that another client returned too often is listed as never handled`()
            async throws
        {
            try await Trial("14 c", "messages returned 21 times by a client that handles nothing").run {
                world in
                try await world.withRelay { _ in
                    try await world.write(5)
                    let queue = world.topology.queue
                    world.wasReturned.change { $0 = true }
                    for _ in 0...Delivery.mostReturns {
                        try await world.admin.perform { channel throws(BrokerError) in
                            let seen = Seen()
                            try channel.consume(queue, as: "returns", prefetch: 16)
                            let end = ContinuousClock.now + .seconds(20)
                            while seen.count == 0, .now < end {
                                try channel.step(waitingFor: .milliseconds(50), wantsToWrite: false, seen)
                            }
                        }
                    }
                    let list = try await eventualValue(within: .seconds(60), "they are dead-lettered") {
                        let list = try await world.installation.operate(["dead", "list", queue])
                        return list.lines.isEmpty ? nil : list
                    }
                    #expect(list.lines.allSatisfy { $0.contains("never handled") }, "\(list.output)")
                    try await world.withWorker { _ in
                        try await world.installation.operate(["dead", "requeue", queue, "--all"])
                        try await world.drain()
                    }
                }
            }
        }

        @Test(arguments: ["1", "8"])
        func `a strict queue keeps its order across crashes of its worker`(_ concurrency: String) async throws
        {
            try await Trial("22 b", "single active worker crashes repeatedly: strict order").run(
                singleActive: true
            ) { world in
                world.isStrict.change { $0 = true }
                try await world.withRelay { _ in
                    try await world.write(120)
                    let settings = ["SINGLE_ACTIVE": "1", "CONCURRENCY": concurrency]
                    // Each worker crashes at its first message, which is returned with the messages behind it.
                    for _ in 0..<6 {
                        let worker = try world.actor(
                            "work", settings.merging(["CRASH": "beforeEffect:1"]) { $1 })
                        #expect(try await worker.exitCode(within: .seconds(60)) == SIGKILL)
                    }
                    let worker = try world.actor("work", settings)
                    try await world.drain()
                    try await worker.stop()
                }
            }
        }

        @Test func `a stopped worker finishes its deliveries, and none is delivered twice`()
            async throws
        {
            let verdict = try await Trial("19", "worker stopped with SIGTERM under load").run { world in
                try await world.withRelay { _ in
                    let kills = max(3, TrialSettings.kills)
                    // A stopped worker finishes about 100 deliveries that it has already received.
                    try await world.write(kills * 150)
                    // The writer keeps the queue from running empty while a poll is late.
                    try await world.withWriter {
                        for _ in 0..<kills {
                            let worker = try world.actor("work", ["PAUSE": "20", "CONCURRENCY": "50"])
                            try await world.handled(world.number(in: 10...40))
                            worker.send(SIGTERM)
                            let code = try await worker.exitCode(within: .seconds(60))
                            #expect(code == 0, "\(worker.log.suffix(500))")
                        }
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
            #expect(verdict.seenAgain == 0)
        }

        @Test func `two workers keep the strict order if the active one is killed`()
            async throws
        {
            try await Trial("22", "single active worker killed, the next takes over: strict order").run(
                singleActive: true
            ) { world in
                world.isStrict.change { $0 = true }
                let settings = ["SINGLE_ACTIVE": "1", "PAUSE": "5"]
                try await world.withRelay { _ in
                    try await world.write(280)
                    var workers = [try world.actor("work", settings)]
                    // The writer keeps the queue from running empty while a poll is late.
                    try await world.withWriter {
                        try await world.handled(10)
                        for _ in 0..<max(3, TrialSettings.kills) {
                            workers.append(try world.actor("work", settings))
                            try await world.handled(world.number(in: 10...40))
                            try await workers.removeFirst().stop(SIGKILL)
                        }
                    }
                    try await world.drain()
                    for worker in workers { try await worker.stop() }
                }
            }
        }
    }
}

/// Counts deliveries without settling them.
private final class Seen: EventReceiver {
    private(set) var count = 0
    func receive(_ event: CRMQEvent) { if event.kind == .delivered { count += 1 } }
}
