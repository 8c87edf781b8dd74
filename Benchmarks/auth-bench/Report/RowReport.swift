// SPDX-License-Identifier: Apache-2.0

/// What a row has found.
struct RowReport: Codable, Sendable {
    /// One of the two or three things that were compared.
    struct Side: Codable, Sendable {
        var name: String
        /// Messages a second.
        var rate: Double?
        /// Microseconds of its processor time for each message.
        var cpu: Double?
        /// How many processors the broker kept busy meanwhile.
        var brokerCores: Double?
        /// Milliseconds.
        var median: Double?
        /// Milliseconds that few exceed: the 99th percentile of latencies, the 95th of calls.
        var late: Double?
        var detail: String?
    }

    /// Something that is wanted, and whether it was reached.
    struct Check: Codable, Sendable {
        var wanted: String
        var measured: String
        var isReached: Bool

        init(_ wanted: String, _ measured: String, _ isReached: Bool) {
            self.wanted = wanted
            self.measured = measured
            self.isReached = isReached
        }
    }

    var name: RowName
    var title: String
    var sides: [Side] = []
    var checks: [Check] = []
}

extension RowReport.Side {
    /// The medians of some runs.
    init(_ name: String, _ outcomes: [Outcome]) {
        self.name = name
        rate = outcomes.map(\.rate).median
        cpu = outcomes.map(\.cpuPerMessage).median
        brokerCores = outcomes.map(\.brokerCores).median
    }
}

extension RowReport.Check {
    /// A share of the other side's rate that is to be reached.
    static func rate(
        of ours: [Outcome], atLeast share: Double, of others: [Outcome]
    ) -> RowReport.Check {
        let measured = ours.map(\.rate).median / others.map(\.rate).median
        return RowReport.Check("rate ≥ \(share.short)×", "\(measured.short)×", measured >= share)
    }

    /// A multiple of the other side's processor time that is not to be exceeded.
    static func cpu(of ours: [Outcome], atMost times: Double, of others: [Outcome]) -> RowReport.Check {
        let measured = ours.map(\.cpuPerMessage).median / others.map(\.cpuPerMessage).median
        return RowReport.Check("CPU ≤ \(times.short)×", "\(measured.short)×", measured <= times)
    }
}

extension Double {
    /// As many digits as anybody reads.
    var short: String {
        let magnitude = abs(self)
        let places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = (self * scale).rounded() / scale
        if places == 0 || rounded == rounded.rounded() { return "\(Int(rounded))" }
        return "\(rounded)"
    }
}
