// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics

extension Bench {
    /// The effect of password hashing on requests without hashing: one process measures both, first idle, then busy.
    func hashingRows() async throws -> [RowReport] {
        var reports: [RowReport] = []
        for (title, path) in [
            ("/livez", "/livez"), ("session look-ups", "/_allauth/app/v1/auth/session"),
        ] {
            var outcomes: [Outcome] = []
            for _ in 0..<pairs {
                outcomes.append(
                    try await withFolder { folder in
                        try await run(
                            job(.hashing) {
                                $0.folder = folder
                                $0.path = path
                                $0.scryptCost = 131_072
                                $0.count = size(2000, quick: 1000)
                            })
                    })
            }
            let comparison = PairedComparison(
                outcomes.map { $0.samples.quantile(0.99) },
                against: outcomes.map { $0.otherSamples.quantile(0.99) }, by: .difference)
            reports.append(
                RowReport(
                    name: .hashing, title: "200 \(title) per second while every core hashes",
                    sides: [
                        .init("while every core hashes", times: outcomes, late: 0.99),
                        .init(
                            name: "idle", median: outcomes.map { $0.otherSamples.median }.median,
                            late: outcomes.map { $0.otherSamples.quantile(0.99) }.median),
                    ],
                    checks: [
                        .init("p99", comparison, .atMost(20), unit: .milliseconds(over: "idle"))
                    ]))
        }
        return reports
    }
}
