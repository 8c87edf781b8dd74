// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Foundation

extension Bench {
    /// The cost of an operation of the SQLite store with more accounts and sessions, compared with few of them.
    ///
    /// The files are generated once. A password is not hashed: hashing does not depend on the number of accounts, and
    /// would hide what does. No broker takes part, so the row is measured in one placement.
    func growthRow() async throws -> [RowReport] {
        let sizes = isQuick ? [100_000, 10_000] : [1_000_000, 100_000, 10_000]
        var bench = self
        bench.placements = Array(placements.prefix(1))
        return try await withFolder { folder in
            for accounts in sizes {
                tell("  generating \(accounts.grouped) accounts and sessions")
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(accounts)", withIntermediateDirectories: true)
                try await setUp(bench.growthJob(.growthFill, .lookUp, accounts, folder, 0))
            }
            var reports: [RowReport] = []
            for work in Job.Growth.allCases {
                reports += try await bench.paired(
                    .growth, work.title, count: size(work.count, quick: work.count / 2),
                    countsInstructions: true,
                    sides: sizes.map { accounts in
                        PairedSide("\(accounts.grouped) accounts") { bench, count in
                            try await bench.grown(work, accounts, folder, count)
                        }
                    },
                    goals: sizes.indices.dropLast().map {
                        .cpu(atMost: 1.15).of($0, against: sizes.count - 1)
                    })
            }
            return reports
        }
    }

    private func grown(
        _ work: Job.Growth, _ accounts: Int, _ folder: String, _ count: Int
    ) async throws -> Outcome {
        try await setUp(growthJob(.growthReset, work, accounts, folder, count))
        return try await run(growthJob(.growth, work, accounts, folder, count))
    }

    private func growthJob(
        _ kind: Job.Kind, _ work: Job.Growth, _ accounts: Int, _ folder: String, _ count: Int
    ) -> Job {
        job(kind) {
            $0.growth = work
            $0.accounts = accounts
            $0.folder = "\(folder)/\(accounts)"
            $0.count = count
        }
    }
}

extension Job.Growth {
    fileprivate var title: String {
        switch self {
        case .lookUp: "Session look-ups"
        case .logIn: "Log-ins without hashing, two signals each"
        case .signUp: "Sign-ups without hashing, two signals each"
        case .signal: "Commits of a signal"
        case .relay: "Reading and confirming outbox rows"
        case .page: "Pages of 20 accounts"
        }
    }

    /// The operations of a full run.
    fileprivate var count: Int {
        switch self {
        case .lookUp: 20_000
        case .logIn, .signUp, .signal, .page: 4000
        case .relay: 10_000
        }
    }
}
