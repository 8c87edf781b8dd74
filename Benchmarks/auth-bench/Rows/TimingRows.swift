// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// Whether the time of an answer tells who has an account.
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
            name: .timing, title: "\(pair.title), scrypt cost \(cost.grouped), \(count) answers each",
            sides: [
                .init(
                    name: pair.known, median: outcome.samples.median, late: outcome.samples.quantile(0.95)),
                .init(
                    name: pair.unknown, median: outcome.otherSamples.median,
                    late: outcome.otherSamples.quantile(0.95)),
            ],
            checks: [
                .init(
                    "not told apart: t and z within ±\(TimingComparison.threshold.short)",
                    "t \(comparison.t.short), z \(comparison.z.short), medians "
                        + "\((comparison.difference * 1000).short) µs apart",
                    !comparison.isToldApart)
            ])
    }
}

extension Job.Pair {
    fileprivate var title: String {
        switch self {
        case .logIn: "Answer times of log-in"
        case .signUp: "Answer times of sign-up"
        case .passwordReset: "Answer times of a password reset"
        }
    }

    fileprivate var known: String { self == .logIn ? "known user, wrong password" : "known address" }
    fileprivate var unknown: String { self == .logIn ? "unknown user" : "unknown address" }
}
