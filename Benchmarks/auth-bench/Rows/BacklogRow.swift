// SPDX-License-Identifier: Apache-2.0

extension Bench {
    /// A long backlog compared with a short one, in the relay and then in a worker with an inbox.
    func backlogRow() async throws -> RowReport {
        let (short, long) = (size(10_000, quick: 5000), size(1_000_000, quick: 50_000))
        var relayed: [Outcome] = []
        var handled: [Outcome] = []
        for _ in 0..<runs {
            relayed.append(try await drainOutbox(short))
            handled.append(try await drainQueue(short, filled: true, .typedWithInbox))
        }
        tell("  a backlog of \(long.grouped), once")
        let longRelayed = try await drainOutbox(long)
        let longHandled = try await drainQueue(long, filled: true, .typedWithInbox)
        return RowReport(
            name: .backlog, title: "A backlog of \(long.grouped) against one of \(short.grouped)",
            sides: [
                .init("relay, long", [longRelayed]), .init("relay, short", relayed),
                .init("worker, long", [longHandled]), .init("worker, short", handled),
            ],
            checks: [
                rates("relay", longRelayed, relayed), rates("worker", longHandled, handled),
                memory("relay", longRelayed), memory("worker", longHandled),
            ])
    }

    private func rates(_ name: String, _ long: Outcome, _ short: [Outcome]) -> RowReport.Check {
        let share = long.rate / short.map(\.rate).median
        return .init("\(name): rate within 15 %", "\(share.short)×", abs(share - 1) <= 0.15)
    }

    /// Memory is flat if the second half uses only a few MiB more than the first.
    private func memory(_ name: String, _ outcome: Outcome) -> RowReport.Check {
        let samples = outcome.memory
        let first = samples.prefix(samples.count / 2).max() ?? 0
        let second = samples.suffix(samples.count / 2).max() ?? 0
        return .init(
            "\(name): < 96 MiB and flat",
            "\(max(first, second).short) MiB, \((second - first).short) more late",
            max(first, second) < 96 && second - first < 8)
    }
}
