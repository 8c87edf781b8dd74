// SPDX-License-Identifier: Apache-2.0
import BrokerSupport
import Foundation
import Synchronization

/// The state shared by all rows: the broker, a folder, and the number and size of runs.
final class Bench: Sendable {
    let broker: PrivateBroker
    let folder: String
    /// The number of runs of each side; the result is their median.
    let runs: Int
    let isQuick: Bool
    private let lastRun = Atomic(Int(Date().timeIntervalSince1970 * 10) % 100_000_000)

    init(broker: PrivateBroker, runs: Int, isQuick: Bool) throws {
        self.broker = broker
        self.runs = runs
        self.isQuick = isQuick
        folder = broker.directory + "/bench"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// The number for a full run, or the one for a quick run.
    func size(_ long: Int, quick: Int) -> Int { isQuick ? quick : long }

    func job(_ kind: Job.Kind, _ change: (inout Job) -> Void = { _ in }) -> Job {
        var job = Job(kind)
        job.brokerURL = broker.url
        job.run = lastRun.add(1, ordering: .relaxed).newValue
        change(&job)
        return job
    }

    /// Runs a job in its own process.
    func run(_ job: Job) async throws -> Outcome {
        let before = (now: ContinuousClock.now, cpu: brokerCPU())
        var outcome = try await Child.run(job)
        let wall = (ContinuousClock.now - before.now) / .seconds(1)
        outcome.brokerCores = (brokerCPU() - before.cpu) / wall
        return outcome
    }

    /// Purges the queue and publishes messages to it.
    func fillQueue(_ count: Int) async throws {
        _ = try await run(job(.prepare))
        _ = try await run(job(.barePublish) { $0.count = count })
    }

    /// Runs the body with a temporary folder.
    func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
        let path = "\(folder)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    func tell(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    /// The processor time of the broker's processes in seconds.
    private func brokerCPU() -> Double {
        let group = (try? String(contentsOfFile: "\(broker.directory)/node.group", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var ticks = 0.0
        for process in processes where process.allSatisfy(\.isNumber) {
            // proc(5): state, parent, group, … follow the name in parentheses; fields 14 and 15 are the times.
            guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { continue }
            let words = text[text.index(after: end)...].split(separator: " ")
            guard words.count > 12, String(words[2]) == group else { continue }
            ticks += (Double(words[11]) ?? 0) + (Double(words[12]) ?? 0)
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
