// SPDX-License-Identifier: Apache-2.0

/// The result of a row.
struct RowReport: Codable, Sendable {
    /// One of the two or three compared sides.
    struct Side: Codable, Sendable {
        var name: String
        /// Messages per second.
        var rate: Double?
        /// Processor time per message in microseconds.
        var cpu: Double?
        /// The average number of processors used by the broker.
        var brokerCores: Double?
        /// The median in milliseconds.
        var median: Double?
        /// The 99th percentile of latencies, or the 95th percentile of calls, in milliseconds.
        var late: Double?
        var detail: String?
    }

    /// A goal, and whether it was reached.
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
    /// The medians of several runs.
    init(_ name: String, _ outcomes: [Outcome]) {
        self.name = name
        rate = outcomes.map(\.rate).median
        cpu = outcomes.map(\.cpuPerMessage).median
        brokerCores = outcomes.map(\.brokerCores).median
    }
}

extension RowReport.Check {
    /// The goal of a minimum rate, as a share of the other side's rate.
    static func rate(
        of ours: [Outcome], atLeast share: Double, of others: [Outcome]
    ) -> RowReport.Check {
        let measured = ours.map(\.rate).median / others.map(\.rate).median
        return RowReport.Check("rate ≥ \(share.short)×", "\(measured.short)×", measured >= share)
    }

    /// The goal of a maximum processor time, as a multiple of the other side's.
    static func cpu(of ours: [Outcome], atMost times: Double, of others: [Outcome]) -> RowReport.Check {
        let measured = ours.map(\.cpuPerMessage).median / others.map(\.cpuPerMessage).median
        return RowReport.Check("CPU ≤ \(times.short)×", "\(measured.short)×", measured <= times)
    }
}

extension Double {
    /// Rounded to two decimal places at most.
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
