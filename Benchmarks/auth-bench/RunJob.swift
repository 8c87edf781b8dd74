// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CBare
import Foundation

/// Runs one measurement in its own process, for the benchmark itself and `Benchmarks/peers`.
struct RunJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "job", shouldDisplay: false)

    @Argument var json: String

    func run() async throws {
        // Stopping the benchmark stops its jobs, too.
        bare_end_with_parent()
        let job = try Job.reading(json)
        FileHandle.standardOutput.write(try JSONEncoder().encode(try await job.measured()))
    }
}

extension Job {
    fileprivate func measured() async throws -> Outcome {
        switch kind {
        case .prepare: try await BareJobs.prepare(self)
        case .fill: try await RelayJobs.fill(self)
        case .relay: try await RelayJobs.relay(self)
        case .barePublish: try BareJobs.publish(self)
        case .bareConsume: try BareJobs.consume(self)
        case .dispatch: try await DispatchJob.run(self)
        case .latency: try await LatencyJobs.whole(self)
        case .bareLatency: try LatencyJobs.bare(self)
        case .flow: try await FlowJob.run(self)
        case .commits: try await CommitJob.run(self)
        case .timing: try await TimingJob.run(self)
        case .hashing: try await HashingJob.run(self)
        case .growthFill: try await GrowthData.fill(self)
        case .growthReset: try await GrowthData.reset(self)
        case .growth: try await GrowthJob.run(self)
        }
    }
}
