// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics

extension Bench {
    /// Whether response times reveal which users have an account.
    func timingRows() async throws -> [RowReport] {
        var reports: [RowReport] = []
        for cost in [1024, 131_072] {
            for pair in Job.Pair.allCases where cost == 1024 || pair != .passwordReset {
                let outcome = try await withFolder { folder in
                    try await run(
                        job(.timing) {
                            $0.folder = folder
                            $0.pair = pair
                            $0.scryptCost = cost
                            $0.count = cost == 1024 ? size(500, quick: 200) : size(60, quick: 15)
                        })
                }
                reports.append(report(pair, cost, outcome))
            }
        }
        return reports
    }

    private func report(_ pair: Job.Pair, _ cost: Int, _ outcome: Outcome) -> RowReport {
        let comparison = TimingComparison(outcome.samples, outcome.otherSamples)
        let count = outcome.samples.count
        return RowReport(
            name: .timing, title: "\(pair.title), scrypt cost \(cost.grouped), \(count) responses each",
            sides: [
                .init(
                    name: pair.known, median: outcome.samples.median, late: outcome.samples.quantile(0.95)),
                .init(
                    name: pair.unknown, median: outcome.otherSamples.median,
                    late: outcome.otherSamples.quantile(0.95)),
            ],
            checks: [
                .init(
                    "indistinguishable: t and z within ±\(TimingComparison.threshold.short)",
                    "t \(comparison.t.short), z \(comparison.z.short), medians "
                        + "\((comparison.difference * 1000).short) µs apart",
                    !comparison.isDistinguishable)
            ])
    }
}

extension Job.Pair {
    fileprivate var title: String {
        switch self {
        case .logIn: "Response times of log-in"
        case .signUp: "Response times of sign-up"
        case .passwordReset: "Response times of a password reset"
        }
    }

    fileprivate var known: String { self == .logIn ? "known user, wrong password" : "known address" }
    fileprivate var unknown: String { self == .logIn ? "unknown user" : "unknown address" }
}
