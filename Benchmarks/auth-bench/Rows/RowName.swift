// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The rows of the table, in order.
enum RowName: String, Codable, CaseIterable, ExpressibleByArgument, Sendable {
    case relay, raw, typed, inbox, latency, backlog, flow, timing, hashing, growth, process
    case groupCommit = "group-commit"
    case postgresRelay = "postgres-relay"
    case postgresLogins = "postgres-logins"
    case postgresCommits = "postgres-commits"
    case postgresLatency = "postgres-latency"

    func measure(_ bench: Bench) async throws -> [RowReport] {
        switch self {
        case .relay: try await bench.relayRow()
        case .raw: try await bench.rawRow()
        case .typed: try await bench.typedRow()
        case .inbox: try await bench.inboxRow()
        case .latency: try await bench.latencyRow()
        case .backlog: try await bench.backlogRow()
        case .flow: try await bench.flowRow()
        case .growth: try await bench.growthRow()
        case .groupCommit: try await bench.groupCommitRow()
        case .timing: try await bench.timingRows()
        case .hashing: try await bench.hashingRows()
        case .process: try await bench.processRow()
        case .postgresRelay: try await bench.postgresRelayRow()
        case .postgresLogins: try await bench.postgresLoginRow()
        case .postgresCommits: try await bench.postgresCommitRow()
        case .postgresLatency: try await bench.postgresLatencyRow()
        }
    }
}
