// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The rows of the table, in order.
enum RowName: String, Codable, CaseIterable, ExpressibleByArgument, Sendable {
    case relay, raw, typed, inbox, latency, backlog, flow, timing, hashing

    func measure(_ bench: Bench) async throws -> [RowReport] {
        switch self {
        case .relay: [try await bench.relayRow()]
        case .raw: [try await bench.rawRow()]
        case .typed: [try await bench.typedRow()]
        case .inbox: [try await bench.inboxRow()]
        case .latency: [try await bench.latencyRow()]
        case .backlog: [try await bench.backlogRow()]
        case .flow: [try await bench.flowRow()]
        case .timing: try await bench.timingRows()
        case .hashing: try await bench.hashingRows()
        }
    }
}
