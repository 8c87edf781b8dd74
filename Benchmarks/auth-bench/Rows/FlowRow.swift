// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// The effect of the relay on the duration of log-ins.
    func flowRow() async throws -> RowReport {
        let states: [(Job.RelayState, String)] = [
            (.off, "relay off"), (.on, "relay on"), (.brokerDead, "relay on, broker dead"),
        ]
        var outcomes: [[Outcome]] = [[], [], []]
        for _ in 0..<runs {
            for (index, state) in states.enumerated() {
                _ = try await run(job(.prepare))
                outcomes[index].append(
                    try await withFolder { folder in
                        try await run(
                            job(.flow) {
                                $0.count = size(2000, quick: 600)
                                $0.relayState = state.0
                                $0.folder = folder
                            })
                    })
            }
        }
        let late = outcomes.map { $0.map { $0.samples.quantile(0.95) }.median }
        return RowReport(
            name: .flow, title: "Log-ins at 200 per second, scrypt cost 1024: p95",
            sides: zip(states, outcomes).map { state, outcomes in
                .init(
                    name: state.1, median: outcomes.map { $0.samples.median }.median,
                    late: outcomes.map { $0.samples.quantile(0.95) }.median)
            },
            checks: (1...2).map { index in
                let times = late[index] / late[0]
                return .init("\(states[index].1): ≤ 1.25×", "\(times.short)×", times <= 1.25)
            })
    }
}
