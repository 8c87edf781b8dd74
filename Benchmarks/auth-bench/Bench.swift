// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import Foundation
import Synchronization

/// The state shared by all rows: the broker, a folder, and the number and size of runs.
struct Bench: Sendable {
    let broker: PrivateBroker
    let folder: String
    let cores: Cores
    /// The placements in which each row is measured.
    var placements: [Placement]
    /// The number of pairs.
    let pairs: Int
    let isQuick: Bool
    /// Counts instructions per message; nil if no counter works on this machine.
    let instructions: InstructionCounter?

    /// Where servers and jobs run.
    var placement = Placement.unpinned
    /// Counts the instructions of measured jobs; nil to measure their time.
    var counter: InstructionCounter?

    private static let lastRun = Atomic(Int(Date().timeIntervalSince1970 * 10) % 100_000_000)
    /// The files with the first processes of the servers.
    private static let servers = Mutex<[String]>([])

    init(
        broker: PrivateBroker, cores: Cores, placements: [Placement], pairs: Int, isQuick: Bool,
        instructions: InstructionCounter?, folder: String
    ) {
        self.broker = broker
        self.cores = cores
        self.placements = placements
        self.pairs = pairs
        self.isQuick = isQuick
        self.instructions = instructions
        self.folder = folder
        Self.addServer("\(broker.directory)/node.group")
    }

    /// Adds a server that is pinned.
    ///
    /// - Parameter leader: the file that contains the id of its first process.
    static func addServer(_ leader: String) { servers.withLock { $0.append(leader) } }

    /// The number for a full run, or the one for a quick run.
    func size(_ long: Int, quick: Int) -> Int { isQuick ? quick : long }

    func job(_ kind: Job.Kind, _ change: (inout Job) -> Void = { _ in }) -> Job {
        var job = Job(kind)
        job.brokerURL = broker.url
        job.run = Self.lastRun.add(1, ordering: .relaxed).newValue
        change(&job)
        return job
    }

    /// Runs a job in its own process and measures it.
    func run(_ job: Job) async throws -> Outcome {
        pinServers()
        let leader = "\(broker.directory)/node.group"
        let before = (now: ContinuousClock.now, cpu: ServerProcesses.cpu(of: leader))
        var outcome = try await Child.run(
            job, on: cores.ofMeasured(placement), counter: counter, folder: folder)
        let wall = (ContinuousClock.now - before.now) / .seconds(1)
        outcome.brokerCores = (ServerProcesses.cpu(of: leader) - before.cpu) / wall
        return outcome
    }

    /// Runs a job that prepares a measurement.
    func setUp(_ job: Job) async throws {
        pinServers()
        _ = try await Child.run(job, on: cores.ofMeasured(placement), folder: folder)
    }

    private func pinServers() {
        for leader in Self.servers.withLock({ $0 }) {
            ServerProcesses.pin(leader, to: cores.ofServers(placement))
        }
    }

    /// Purges the queue and publishes messages to it.
    func fillQueue(_ count: Int) async throws {
        try await setUp(job(.prepare))
        try await setUp(job(.barePublish) { $0.count = count })
    }

    /// Runs the body with a temporary folder.
    func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
        let path = "\(folder)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    func tell(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
