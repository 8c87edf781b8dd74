// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics

/// One of the sides that a row compares.
struct PairedSide: Sendable {
    let name: String
    /// Prepares and measures this side once, with a number of messages or calls.
    let run: @Sendable (Bench, Int) async throws -> Outcome

    init(_ name: String, _ run: @escaping @Sendable (Bench, Int) async throws -> Outcome) {
        self.name = name
        self.run = run
    }
}

/// A quantity that is compared between two sides, and its goal.
struct PairedGoal: Sendable {
    let quantity: String
    let value: @Sendable (Outcome) -> Double
    let relation: PairedComparison.Relation
    let unit: RowReport.Check.Unit
    /// Nil for a quantity that is only shown.
    let bound: PairedComparison.Bound?
    /// The indices of the measured side and of the one it is compared with.
    var sides = (measured: 0, reference: 1)

    /// The rate, as a share of the other side's.
    static func rate(atLeast share: Double) -> PairedGoal {
        PairedGoal(
            quantity: "rate", value: \.rate, relation: .ratio, unit: .times, bound: .atLeast(share))
    }

    /// The processor time per message, as a multiple of the other side's.
    static func cpu(atMost times: Double? = nil) -> PairedGoal {
        PairedGoal(
            quantity: "CPU", value: \.cpuPerMessage, relation: .ratio, unit: .times,
            bound: times.map { .atMost($0) })
    }

    /// A quantile of the times, as a multiple of the other side's.
    static func time(_ name: String, _ share: Double, atMost times: Double) -> PairedGoal {
        PairedGoal(
            quantity: name, value: { $0.samples.quantile(share) }, relation: .ratio, unit: .times,
            bound: .atMost(times))
    }

    /// A quantile of the times, in milliseconds more than the other side's.
    static func time(
        _ name: String, _ share: Double, over other: String, atMost milliseconds: Double
    ) -> PairedGoal {
        PairedGoal(
            quantity: name, value: { $0.samples.quantile(share) }, relation: .difference,
            unit: .milliseconds(over: other), bound: .atMost(milliseconds))
    }

    /// The same goal for other sides.
    func of(_ measured: Int, against reference: Int) -> PairedGoal {
        var goal = self
        goal.sides = (measured, reference)
        return goal
    }
}

extension Bench {
    /// Which columns of the table a row fills.
    enum Shown: Sendable {
        case rates
        /// The median and this quantile.
        case times(late: Double)
    }

    /// A row of the table: measures its sides in turn, A B A B …, once pinned and once unpinned.
    ///
    /// ```swift
    /// try await paired(
    ///     .relay, "The relay drains an outbox", count: 50_000, countsInstructions: true,
    ///     sides: [ours, bare], goals: [.rate(atLeast: 0.95), .cpu(atMost: 2)])
    /// ```
    ///
    /// - Parameters:
    ///   - count: the messages or calls of each run.
    ///   - countsInstructions: whether instructions per message are counted, too, once for each side.
    ///   - goals: each compares two sides, by default the first with the second.
    /// - Returns: a report for each placement.
    func paired(
        _ name: RowName, _ title: String, count: Int, showing shown: Shown = .rates,
        countsInstructions: Bool = false, sides: [PairedSide], goals: [PairedGoal]
    ) async throws -> [RowReport] {
        var reports: [RowReport] = []
        for placement in placements {
            var bench = self
            bench.placement = placement
            tell("  \(title), \(placement.rawValue)")
            let outcomes = try await bench.interleaved(sides, count: count)
            var report = RowReport(name: name, title: title, placement: placement)
            report.sides = zip(sides, outcomes).map { side, outcomes in
                switch shown {
                case .rates: .init(side.name, outcomes)
                case .times(let late): .init(side.name, times: outcomes, late: late)
                }
            }
            report.checks = goals.map { goal in
                let comparison = PairedComparison(
                    outcomes[goal.sides.measured].map(goal.value),
                    against: outcomes[goal.sides.reference].map(goal.value), by: goal.relation)
                let prefix = sides.count > 2 ? "\(sides[goal.sides.measured].name): " : ""
                return .init(prefix + goal.quantity, comparison, goal.bound, unit: goal.unit)
            }
            if countsInstructions { await bench.addInstructions(to: &report, sides) }
            reports.append(report)
        }
        return reports
    }

    /// Measures each side in turn, as often as there are pairs.
    private func interleaved(_ sides: [PairedSide], count: Int) async throws -> [[Outcome]] {
        var outcomes: [[Outcome]] = Array(repeating: [], count: sides.count)
        for _ in 0..<pairs {
            for (index, side) in sides.enumerated() {
                outcomes[index].append(try await side.run(self, count))
            }
        }
        return outcomes
    }

    /// Counts instructions per message, in the first placement only.
    private func addInstructions(to report: inout RowReport, _ sides: [PairedSide]) async {
        guard let instructions, placement == placements.first else { return }
        var bench = self
        bench.counter = instructions
        let (small, large) = instructions.sizes
        for (index, side) in sides.enumerated() {
            do {
                let few = try await side.run(bench, small).instructions
                let many = try await side.run(bench, large).instructions
                guard let few, let many else { continue }
                report.sides[index].instructions = (many - few) / Double(large - small)
            } catch {
                // The times are valid without the count.
                tell("  the instructions of \(side.name) were not counted: \(error)")
            }
        }
        let counts = report.sides.map(\.instructions)
        if counts.count == 2, let ours = counts[0], let other = counts[1] {
            report.checks.append(.init("instructions", "\((ours / other).short)×"))
        }
    }
}
