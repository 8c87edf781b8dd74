// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// The effect of the relay on log-ins: on their rate, and on their duration at a steady rate.
    func flowRow() async throws -> [RowReport] {
        let sides = [
            ("relay on", Job.RelayState.on), ("relay on, broker dead", .brokerDead), ("relay off", .off),
        ]
        let concurrent = try await paired(
            .flow, "Log-ins, 64 at a time, scrypt cost 1024", count: size(2000, quick: 1000),
            sides: sides.map { name, state in
                PairedSide(name) { try await $0.logIns($1, relay: state, lanes: 64) }
            },
            goals: (0...1).map { PairedGoal.rate(atLeast: 0.97).of($0, against: 2) })
        let steady = try await paired(
            .flow, "Log-ins at 200 per second, scrypt cost 1024", count: size(1000, quick: 600),
            showing: .times(late: 0.95),
            sides: sides.map { name, state in
                PairedSide(name) { try await $0.logIns($1, relay: state) }
            },
            goals: (0...1).map { PairedGoal.time("p95", 0.95, atMost: 1.25).of($0, against: 2) })
        return concurrent + steady
    }

    /// - Parameter lanes: how many log-ins run at a time; 0 for 200 per second.
    func logIns(
        _ count: Int, relay: Job.RelayState, lanes: Int = 0, in storeURL: String = ""
    ) async throws -> Outcome {
        try await setUp(job(.prepare))
        return try await withFolder { folder in
            try await run(
                job(.flow) {
                    $0.count = count
                    $0.relayState = relay
                    $0.lanes = lanes
                    $0.folder = folder
                    $0.storeURL = storeURL
                })
        }
    }
}
