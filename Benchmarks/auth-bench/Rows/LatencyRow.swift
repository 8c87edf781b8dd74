// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// Commit to handler at a steady rate, compared with bare publish to bare delivery.
    func latencyRow() async throws -> RowReport {
        let count = size(2000, quick: 600)
        let (ours, others) = try await alternating {
            try await self.withFolder { folder in
                _ = try await self.run(self.job(.prepare))
                return try await self.run(
                    self.job(.latency) {
                        $0.count = count
                        $0.folder = folder
                    })
            }
        } _: {
            _ = try await self.run(self.job(.prepare))
            return try await self.run(self.job(.bareLatency) { $0.count = count })
        }
        let middles = (ours.map { $0.samples.median }.median, others.map { $0.samples.median }.median)
        let late = (
            ours.map { $0.samples.quantile(0.99) }.median, others.map { $0.samples.quantile(0.99) }.median
        )
        func check(_ name: String, _ pair: (Double, Double)) -> RowReport.Check {
            let more = pair.0 - pair.1
            return .init("\(name) ≤ bare + 5 ms", "\(more < 0 ? "" : "+")\(more.short) ms", more <= 5)
        }
        return RowReport(
            name: .latency, title: "Commit to handler at 200 signals per second",
            sides: [
                .init(name: "commit to handler", median: middles.0, late: late.0),
                .init(name: "bare publish to bare delivery", median: middles.1, late: late.1),
            ],
            checks: [check("median", middles), check("p99", late)])
    }
}
