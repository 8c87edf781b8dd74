// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// Commit to handler at a steady rate, compared with bare publish to bare delivery.
    func latencyRow() async throws -> [RowReport] {
        try await paired(
            .latency, "Commit to handler at 200 signals per second", count: size(1000, quick: 600),
            showing: .times(late: 0.99),
            sides: [
                PairedSide("commit to handler") { bench, count in
                    try await bench.withFolder { folder in
                        try await bench.latency(count, in: folder)
                    }
                },
                PairedSide("bare publish to bare delivery") { bench, count in
                    try await bench.setUp(bench.job(.prepare))
                    return try await bench.run(bench.job(.bareLatency) { $0.count = count })
                },
            ],
            goals: [
                .time("median", 0.5, over: "bare", atMost: 2), .time("p99", 0.99, over: "bare", atMost: 3),
            ])
    }

    /// - Parameter isForeign: whether another store object than the relay's commits the signals.
    func latency(
        _ count: Int, in folder: String, _ storeURL: String = "", isForeign: Bool = false
    ) async throws -> Outcome {
        try await setUp(job(.prepare))
        return try await run(
            job(.latency) {
                $0.count = count
                $0.folder = folder
                $0.storeURL = storeURL
                $0.isForeign = isForeign
            })
    }
}
