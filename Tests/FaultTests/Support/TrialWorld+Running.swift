// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthFlows
import AuthRelay
import AuthSignals
import AuthStore
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import InMemoryLogging
import Logging
import ProgramSupport
import ToolSupport

/// The parts that run in a trial, in this process or in child processes.
extension TrialWorld {
    /// Runs a body concurrently with a relay, and stops the relay afterwards.
    func withRelay(
        _ broker: BrokerSettings? = nil, failpoints: RelayFailpoints = .none,
        _ body: (TrialRelay) async throws -> Void
    ) async throws {
        let relay = TrialRelay(
            from: store, try broker ?? settings, failpoints: failpoints, logger: logger)
        try await beside({ try await relay.run() }) { try await body(relay) }
    }

    /// Runs a body concurrently with a worker, and stops the worker afterwards.
    func withWorker(
        _ broker: BrokerSettings? = nil, _ dispatching: DispatcherSettings? = nil,
        before: @escaping @Sendable (SignalContext) async throws -> Void = { _ in },
        after: @escaping @Sendable (SignalContext) async throws -> Void = { _ in },
        _ body: (TrialWorker) async throws -> Void
    ) async throws {
        let worker = TrialWorker(
            topology, try broker ?? settings, effects: effects, log: try TrialLog(newDiary()),
            settings: dispatching ?? DispatcherSettings(), logger: logger, before: before,
            after: after)
        try await beside({ try await worker.run() }) { try await body(worker) }
    }

    /// Runs a body concurrently with writers, each of which commits about 100 transactions a second.
    ///
    /// - Parameters:
    ///   - count: the number of writers; SQLite runs their transactions one after the other.
    ///   - other: the store that they use; nil: the trial's.
    func withWriter(
        _ count: Int = 1, to other: (any OperatedStore)? = nil, _ body: () async throws -> Void
    ) async throws {
        let writers = try (0..<count).map { _ in
            (TrialWriter(other ?? store, log: try TrialLog(newWriterDiary())), generator())
        }
        // A server can be away, and a network fails; with a file, every failure is a fault.
        let isRemote = database != nil
        try await beside({
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (writer, random) in writers {
                    group.addTask {
                        var random = random
                        while !Task.isCancelled {
                            do { try await writer.write(&random) } catch let error as any TemporaryFailure
                                where isRemote && error.secondsUntilRetry != nil
                            {}
                            try? await Task.sleep(for: .milliseconds(10))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }) { try await body() }
    }

    /// Commits `count` signals in transactions of random size, and rolls some others back.
    func write(_ count: Int) async throws {
        let writer = TrialWriter(store, log: try TrialLog(newWriterDiary()))
        var random = generator()
        var left = count
        while left > 0 {
            let size = min(left, Int.random(in: 1...4, using: &random))
            try await writer.write(size, &random)
            if Int.random(in: 0..<10, using: &random) == 0 {
                try await writer.write(size, rollingBack: true, &random)
            }
            left -= size
        }
    }

    /// Runs a body concurrently with a service, and cancels the service afterwards.
    private func beside(
        _ service: @escaping @Sendable () async throws -> Void, _ body: () async throws -> Void
    ) async throws {
        let running = Task { try await service() }
        do {
            try await body()
        } catch {
            running.cancel()
            _ = try? await running.value
            throw error
        }
        running.cancel()
        do { try await running.value } catch is CancellationError {}
    }

    // MARK: Processes

    /// Starts a process that the trial may kill.
    func actor(_ role: String, _ settings: [String: String] = [:]) throws -> Program {
        var environment = [
            "STORE": installation.environment["STORE_URL"] ?? "",
            "EFFECTS": database ?? "sqlite:" + installation.folder.path("effects.sqlite"),
            "BROKER_URL": broker.url, "BROKER_EXCHANGE": installation.environment["BROKER_EXCHANGE"] ?? "",
            "QUEUE": topology.queue, "SEED": "\(generator().seedOfItsOwn)",
        ]
        environment["DIARY"] = role == "write" ? newWriterDiary() : newDiary()
        let program = try Program(
            "fault-actor", [role], environment: environment.merging(settings) { $1 })
        let killsItself = settings["CRASH"] != nil || settings["POISON"] != nil
        actors.change { $0.append((program, killsItself)) }
        return program
    }

    /// Throws if a process that the trial started has ended unexpectedly.
    func checkActorsAreAlive() throws {
        for (program, killsItself) in actors.value { try program.checkIsAlive(killsItself: killsItself) }
    }

    // MARK: Waiting

    /// Waits until `more` further messages have had their effect.
    func handled(_ more: Int) async throws {
        let goal = try await reading { try await effects.count() } + more
        try await eventually(within: .seconds(60), "\(goal) messages had their effect") {
            try await reading { try await effects.count() } >= goal
        }
    }

    /// Waits until `more` further rows are confirmed.
    func confirmed(_ more: Int) async throws {
        let goal = try await reading { try await store.status().confirmed } + more
        try await eventually(within: .seconds(60), "\(goal) rows were confirmed") {
            try await reading { try await store.status().confirmed } >= goal
        }
    }

    /// Reads from the store or the effects; repeats it while a database server is away.
    func reading<Value>(_ body: () async throws -> Value) async throws -> Value {
        if database == nil { return try await body() }
        return try await eventualValue(within: .seconds(60), "the database can be read") { try? await body() }
    }

    /// Waits until everything is published and handled. After a minute it returns anyway, and the checker reports what
    /// is missing.
    func drain() async throws {
        try? await eventually(within: .seconds(60), "the outbox was empty") {
            try await reading { try await store.status().pending } == 0
        }
        let (confirmed, dead) = (try await reading { try await store.status().confirmed }, dead.value.count)
        try? await eventually(within: .seconds(60), "everything was handled") {
            try await reading { try await effects.count() } + dead >= confirmed
        }
    }

    /// Republishes rows in the given states, as an operator would; by default the unrouted ones.
    func republish(_ states: Set<OutboxRecord.State> = [.unrouted]) async throws {
        let filter = OutboxFilter(states)
        let ids = try await store.outboxRecords(filter, after: 0, limit: .max).map(\.row.draft.id)
        resent.change { $0.formUnion(ids) }
        _ = try await store.republish(filter)
    }

    /// The number of log entries with this message.
    func told(_ message: String) -> Int { records.entries.count { $0.message.description == message } }

    /// The number of connections with that name.
    func timesConnected(_ name: String) -> Int {
        records.entries.count {
            $0.message.description == "connected to the broker"
                && $0.metadata["connection"]?.description == name
        }
    }

    /// Whether the metadata of a log entry contains the text.
    func heard(_ words: String) -> Bool { records.entries.contains { "\($0.metadata)".contains(words) } }
}

extension Program {
    /// The number of connections with that name in the process's log.
    func timesConnected(_ name: String) -> Int {
        log.split(separator: "\n").count {
            $0.contains("connected to the broker") && $0.contains("connection=\(name)")
        }
    }
}

extension SeededGenerator {
    fileprivate var seedOfItsOwn: UInt64 {
        var copy = self
        return copy.next()
    }
}
