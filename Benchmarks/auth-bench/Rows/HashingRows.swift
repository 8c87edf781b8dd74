// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// The effect of password hashing on requests without hashing.
    func hashingRows() async throws -> [RowReport] {
        var reports: [RowReport] = []
        for (title, path) in [
            ("/livez", "/livez"), ("session look-ups", "/_allauth/app/v1/auth/session"),
        ] {
            var outcomes: [Outcome] = []
            for _ in 0..<runs {
                outcomes.append(
                    try await withFolder { folder in
                        try await run(
                            job(.hashing) {
                                $0.folder = folder
                                $0.path = path
                                $0.scryptCost = 131_072
                                $0.count = size(3000, quick: 1000)
                            })
                    })
            }
            let idle = outcomes.map { $0.otherSamples.quantile(0.99) }.median
            let busy = outcomes.map { $0.samples.quantile(0.99) }.median
            let more = busy - idle
            reports.append(
                RowReport(
                    name: .hashing, title: "200 \(title) per second while every core hashes: p99",
                    sides: [
                        .init(
                            name: "while every core hashes",
                            median: outcomes.map { $0.samples.median }.median,
                            late: busy),
                        .init(
                            name: "idle", median: outcomes.map { $0.otherSamples.median }.median, late: idle),
                    ],
                    checks: [
                        .init("p99 ≤ idle + 20 ms", "\(more < 0 ? "" : "+")\(more.short) ms", more <= 20)
                    ]))
        }
        return reports
    }
}
