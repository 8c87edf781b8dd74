// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import ProgramSupport
import Testing

extension Faults {
    @Suite struct DeadLetterTests {
        @Test
        func `dead letters requeued under load have one effect each, although the tool is killed`()
            async throws
        {
            let count = 250 * max(4, TrialSettings.kills)
            try await Trial("23", "dead letters requeued under load; `auth-signals dead` killed meanwhile")
                .run {
                    world in
                    try await world.withRelay { _ in
                        try await world.write(count)
                        // The first worker rejects all messages.
                        try await world.withWorker(before: { _ in throw SignalVerdict.reject("not today") }) {
                            _ in
                            try await eventually(within: .seconds(120), "all were dead-lettered") {
                                try await world.deadLetters == count
                            }
                        }
                        try await world.withWorker { _ in
                            try await world.withWriter {
                                let first = try world.requeue()
                                try await eventually(within: .seconds(60), "some were requeued") {
                                    try await world.deadLetters < count
                                }
                                try await first.stop(SIGKILL)
                                let second = try world.requeue()
                                let code = try await second.exitCode(within: .seconds(120))
                                #expect(code == 0, "\(second.log)")
                            }
                            try await world.drain()
                        }
                    }
                    try await eventually(within: .seconds(60), "no dead letter was left") {
                        try await world.deadLetters == 0
                    }
                }
        }

        @Test
        func `a message that crashes its worker is dead-lettered twice and handled after requeuing`()
            async throws
        {
            try await Trial(
                "16 b", "message that crashes its worker: delivery limit reached, requeued, twice"
            ).run {
                world in
                try await world.withRelay { _ in
                    try await world.write(60)
                    try await eventually(within: .seconds(60), "the outbox was empty") {
                        try await world.store.status().pending == 0
                    }
                    let rows = try await world.evidence(emptyingTap: false).commits
                    let poison = rows[world.number(in: 5...40)].id
                    for turn in 1...2 {
                        let deaths = try await world.workersDie(of: poison)
                        // Decision 11: alone in its queue it ends 20 workers. With neighbours RabbitMQ 3.10 counts a
                        // death twice at times: what one consumer of the dead channel held is handed to the channel's
                        // other consumer, and is returned once more.
                        #expect(
                            turn == 1 ? (10...20).contains(deaths) : deaths == 20, "turn \(turn): \(deaths)")
                        try await world.withWorker { _ in
                            try await eventually(within: .seconds(60), "the other messages were handled") {
                                try await world.effects.count() >= 59
                            }
                        }
                        #expect(try await world.listedDeadLetters == [poison.wireText], "turn \(turn)")
                        let requeue = try world.requeue()
                        #expect(try await requeue.exitCode() == 0, "\(requeue.log)")
                        try await eventually(within: .seconds(60), "it was requeued") {
                            try await world.listedDeadLetters.isEmpty
                        }
                    }
                    try await world.withWorker { _ in try await world.drain() }
                }
            }
        }
    }
}

extension TrialWorld {
    /// The number of the worker's dead letters.
    fileprivate var deadLetters: Int {
        get async throws { try await admin.messageCount(in: topology.name(of: .dead)) }
    }

    /// The ids of the dead letters that the operator's tool lists.
    fileprivate var listedDeadLetters: [String] {
        get async throws {
            let lines = try await installation.operate(["dead", "list", topology.queue, "--json"]).lines
            return try lines.map { try JSONDecoder().decode(Letter.self, from: Data($0.utf8)).id }
        }
    }

    private struct Letter: Decodable { var id: String }

    /// Starts the operator's tool, which requeues all dead letters.
    fileprivate func requeue() throws -> Program {
        try Program(
            "auth-signals", ["dead", "requeue", topology.queue, "--all"],
            environment: installation.environment)
    }

    /// Starts one worker after the other, each of which a message crashes, until the message is dead-lettered.
    ///
    /// - Returns: the number of crashed workers.
    fileprivate func workersDie(of poison: UUID) async throws -> Int {
        var deaths = 0
        try await eventually(within: .seconds(120), "the message was dead-lettered") {
            let worker = try actor("work", ["POISON": poison.uuidString])
            try await eventually(within: .seconds(60), "the worker crashed or the message was dead-lettered")
            {
                if !worker.isRunning { return true }
                return try await !listedDeadLetters.isEmpty
            }
            deaths += worker.isRunning ? 0 : 1
            try await worker.stop()
            return try await !listedDeadLetters.isEmpty
        }
        return deaths
    }
}
