// SPDX-License-Identifier: Apache-2.0

/// The measurements of a job.
struct Outcome: Codable, Sendable {
    var count = 0
    /// Wall-clock seconds from the first message to the last.
    var seconds = 0.0
    /// Processor time of the job's process in that time, in seconds.
    var cpu = 0.0
    /// The average number of processors used by the broker during the whole job.
    var brokerCores = 0.0
    /// Instructions in user mode of the job's whole process; nil if they were not counted.
    var instructions: Double?
    /// Resident memory in MiB, about twenty samples over the time.
    var memory: [Double] = []
    /// The time of each message or call in milliseconds.
    var samples: [Double] = []
    /// The times of the other side of a pair.
    var otherSamples: [Double] = []

    /// Messages per second.
    var rate: Double { Double(count) / seconds }
    /// Processor time per message in microseconds.
    var cpuPerMessage: Double { cpu / Double(count) * 1e6 }
}
