// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import BrokerSupport

extension Bench {
    /// A long backlog compared with a short one, in the relay and then in a worker with an inbox.
    ///
    /// The long backlog is filled once. Each pair drains as many messages from it as from a short one, so that both sides
    /// start in the same way; at the end the rest is drained in one run, for its rate and memory.
    func backlogRow() async throws -> [RowReport] {
        try await relayBacklogRow() + workerBacklogRow()
    }

    private var short: Int { size(10_000, quick: 5000) }
    private var long: Int { size(1_000_000, quick: 50_000) }

    private func backlogTitle(_ name: String) -> String {
        "\(name) with a backlog of \(long.grouped) against one of \(short.grouped)"
    }

    private func relayBacklogRow() async throws -> [RowReport] {
        try await withFolder { folder in
            // The pairs do not make the backlog shorter than it should be.
            try await fillOutbox(long + pairs * placements.count * short, folder)
            var reports = try await paired(
                .backlog, backlogTitle("Relay"), count: short,
                sides: [
                    PairedSide("long") { try await $0.drainFilledOutbox($1, folder) },
                    PairedSide("short") { try await $0.drainOutbox($1) },
                ],
                goals: [.rate(atLeast: 0.9)])
            var storeJob = job(.relay)
            storeJob.folder = folder
            let rest = try await RelayJobs.store(storeJob).status().pending
            tell("  the other \(rest.grouped) in one run")
            add(try await drainFilledOutbox(rest, folder), rest, to: &reports)
            return reports
        }
    }

    /// What is published for the short queue also arrives in the long one, which therefore keeps its length.
    private func workerBacklogRow() async throws -> [RowReport] {
        let queue = "bench-long"
        // Otherwise the long backlog would be stored twice.
        try await broker.ctl("delete_queue", "bench")
        try await setUp(job(.prepare) { $0.queue = queue })
        try await setUp(
            job(.barePublish) {
                $0.count = long
                $0.queue = queue
            })
        var reports = try await paired(
            .backlog, backlogTitle("Worker"), count: short,
            sides: [
                PairedSide("long") { try await $0.drainFilledQueue($1, .typedWithInbox, queue: queue) },
                PairedSide("short") { try await $0.drainQueue($1, .typedWithInbox) },
            ],
            goals: [.rate(atLeast: 0.9)])
        // The last run's unacknowledged messages return to the queue when its connection has ended.
        let listed = try await broker.ctl("list_queues", "--no-table-headers", "name", "messages")
        let counts = listed.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
        let messages = counts.first { $0.first.map(String.init) == queue }?.last.flatMap { Int($0) }
        guard let rest = messages else { throw BenchError("the long queue is missing") }
        tell("  the other \(rest.grouped) in one run")
        add(try await drainFilledQueue(rest, .typedWithInbox, queue: queue), rest, to: &reports)
        try await broker.ctl("delete_queue", queue)
        return reports
    }

    /// Adds the run that drained the rest to the last report.
    private func add(_ outcome: Outcome, _ count: Int, to reports: inout [RowReport]) {
        guard let last = reports.indices.last else { return }
        reports[last].sides.append(.init("the other \(count.grouped), unpinned", [outcome]))
        // Memory is flat if the second half uses only a few MiB more than the first.
        let samples = outcome.memory
        let first = samples.prefix(samples.count / 2).max() ?? 0
        let second = samples.suffix(samples.count / 2).max() ?? 0
        reports[last].checks.append(
            .init(
                "memory: < 96 MiB and flat",
                "\(max(first, second).short) MiB, \((second - first).short) more late",
                max(first, second) < 96 && second - first < 8))
    }
}
