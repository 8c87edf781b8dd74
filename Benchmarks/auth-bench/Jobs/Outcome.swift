// SPDX-License-Identifier: Apache-2.0

/// What a job has measured.
struct Outcome: Codable, Sendable {
    var count = 0
    /// Wall-clock seconds from the first message to the last.
    var seconds = 0.0
    /// Seconds of processor time of the job's process meanwhile.
    var cpu = 0.0
    /// How many processors the broker kept busy during the whole job.
    var brokerCores = 0.0
    /// Resident memory in MiB, twenty samples or so over the time.
    var memory: [Double] = []
    /// Milliseconds, one for each message or call.
    var samples: [Double] = []
    /// The same of the other side of a pair.
    var otherSamples: [Double] = []

    /// Messages a second.
    var rate: Double { Double(count) / seconds }
    /// Microseconds of processor time for each message.
    var cpuPerMessage: Double { cpu / Double(count) * 1e6 }
}
