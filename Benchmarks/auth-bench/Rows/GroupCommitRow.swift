// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// Transactions that share a commit, compared with one transaction per disk sync: those of log-ins alone, and whole
    /// log-ins with hashing.
    func groupCommitRow() async throws -> [RowReport] {
        let sides = [("shared commits", 0), ("one transaction per sync", 1)]
        let transactions = try await paired(
            .groupCommit, "Transactions of log-ins, 64 at a time, two signals each",
            count: size(4000, quick: 2000),
            sides: sides.map { name, shared in
                PairedSide(name) { try await $0.transactions($1, sharing: shared) }
            },
            goals: [.rate(atLeast: 5), .cpu()])
        let logIns = try await paired(
            .groupCommit, "Log-ins, 64 at a time, scrypt cost 1024, shared commits or not",
            count: size(2000, quick: 1000),
            sides: sides.map { name, shared in
                PairedSide(name) { try await $0.logIns($1, sharing: shared) }
            },
            goals: [.rate(atLeast: 5), .cpu()])
        return transactions + logIns
    }

    private func transactions(_ count: Int, sharing shared: Int) async throws -> Outcome {
        try await withFolder { folder in
            try await run(
                job(.commits) {
                    $0.count = count
                    $0.connections = 64
                    $0.sharedCommits = shared
                    $0.folder = folder
                })
        }
    }

    private func logIns(_ count: Int, sharing shared: Int) async throws -> Outcome {
        try await withFolder { folder in
            try await run(
                job(.flow) {
                    $0.count = count
                    $0.lanes = 64
                    $0.sharedCommits = shared
                    $0.folder = folder
                })
        }
    }
}
