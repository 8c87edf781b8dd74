// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics

/// The result of a row.
struct RowReport: Codable, Sendable {
    /// One of the compared sides.
    struct Side: Codable, Sendable {
        var name: String
        /// Messages per second.
        var rate: Double?
        /// Processor time per message in microseconds.
        var cpu: Double?
        /// Instructions per message in user mode.
        var instructions: Double?
        /// The average number of processors used by the broker.
        var brokerCores: Double?
        /// The median in milliseconds.
        var median: Double?
        /// The 99th percentile of latencies, or the 95th percentile of calls, in milliseconds.
        var late: Double?
    }

    /// A measured quantity and its goal.
    struct Check: Codable, Sendable {
        var wanted: String
        var measured: String
        /// Nil if there is no goal.
        var verdict: PairedComparison.Verdict?
        /// The pairs of the result; nil if it was not measured in pairs.
        var pairs: Int?
        var median: Double?
        var lowerQuartile: Double?
        var upperQuartile: Double?

        /// A result that was not measured in pairs.
        init(_ wanted: String, _ measured: String, _ isReached: Bool? = nil) {
            self.wanted = wanted
            self.measured = measured
            verdict = isReached.map { $0 ? .reached : .missed }
        }
    }

    var name: RowName
    var title: String
    /// Nil if the row is not a comparison in pairs.
    var placement: Placement?
    var sides: [Side] = []
    var checks: [Check] = []

    /// The title with the placement.
    var heading: String { placement.map { "\(title), \($0.rawValue)" } ?? title }
}

extension RowReport.Side {
    /// The medians of several runs.
    init(_ name: String, _ outcomes: [Outcome]) {
        self.name = name
        rate = outcomes.map(\.rate).median
        cpu = outcomes.map(\.cpuPerMessage).median
        brokerCores = outcomes.map(\.brokerCores).median
    }

    /// The medians of the times of several runs.
    ///
    /// - Parameter late: the quantile beside the median.
    init(_ name: String, times outcomes: [Outcome], late: Double) {
        self.name = name
        median = outcomes.map { $0.samples.median }.median
        self.late = outcomes.map { $0.samples.quantile(late) }.median
    }
}

extension RowReport.Check {
    /// The result of a comparison in pairs: the median, and the quartiles in parentheses.
    init(_ quantity: String, _ comparison: PairedComparison, _ bound: PairedComparison.Bound?, unit: Unit) {
        switch bound {
        case .atLeast(let least): wanted = "\(quantity) ≥ \(unit.threshold(least))"
        case .atMost(let most): wanted = "\(quantity) ≤ \(unit.threshold(most))"
        case nil: wanted = quantity
        }
        let (lower, upper) = (comparison.lowerQuartile, comparison.upperQuartile)
        measured = "\(unit.value(comparison.median)) (\(lower.short) to \(upper.short))"
        verdict = bound.map { comparison.verdict($0) }
        pairs = comparison.values.count
        median = comparison.median
        lowerQuartile = lower
        upperQuartile = upper
    }

    /// How a ratio or difference is written.
    enum Unit: Sendable {
        /// A multiple of the other side's value.
        case times
        /// Milliseconds more than the other side, which has this name.
        case milliseconds(over: String)

        func threshold(_ value: Double) -> String {
            switch self {
            case .times: "\(value.short)×"
            case .milliseconds(let other): "\(other) + \(value.short) ms"
            }
        }

        func value(_ value: Double) -> String {
            switch self {
            case .times: "\(value.short)×"
            case .milliseconds: "\(value < 0 ? "" : "+")\(value.short) ms"
            }
        }
    }

    /// Whether the goal was reached, as the table shows it.
    var result: String {
        guard let verdict else { return "" }
        var text: String
        switch verdict {
        case .reached: text = "reached"
        case .missed: text = "**missed**"
        case .undecided:
            text = "undecided"
            if let pairs { text += ": more pairs, `--pairs \(PairedComparison.morePairs(than: pairs))`" }
        }
        if let pairs, pairs < PairedComparison.fewestPairs { text += " (provisional)" }
        return text
    }
}

extension Double {
    /// Rounded to two decimal places at most.
    var short: String {
        guard isFinite, abs(self) < 1e15 else { return "n/a" }
        let magnitude = abs(self)
        let places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let rounded = (self * scale).rounded() / scale
        if places == 0 || rounded == rounded.rounded() { return "\(Int(rounded))" }
        return "\(rounded)"
    }
}
