// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct OutboxListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List signals by state.")

    @Option(name: .customLong("state"), help: "pending, unrouted, parked or confirmed; may be repeated.")
    var states: [OutboxRecord.State] = [.pending, .unrouted, .parked]

    @OptionGroup var selection: OutboxSelection

    @Option(help: "The maximum number of signals.")
    var limit = 100

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be 1 or more") }
    }

    func run() async throws {
        let filter = selection.filter(Set(states))
        // One more than asked for shows whether there are more.
        let records = try await OutboxCommand.store().outboxRecords(
            filter, after: 0, limit: limit == .max ? limit : limit + 1)
        for record in records.prefix(limit) {
            let line = OutboxLine(record)
            if json {
                printLine(try line.jsonText())
            } else {
                printLine(
                    "\(line.sequence)  \(line.time)  \(line.state)  \(line.id)  \(line.name)"
                        + (line.reason.map { "  \($0)" } ?? ""))
            }
        }
        if records.count > limit { noteCut(at: limit) }
    }
}

/// The output for an outbox row, without its data.
struct OutboxLine: Encodable {
    var sequence: Int64
    var id: String
    var name: String
    var subject: String?
    var time: String
    var state: String
    var attempts: Int
    var settledAt: String?
    var reason: String?

    init(_ record: OutboxRecord) {
        sequence = record.row.sequence
        id = record.row.draft.id.wireText
        name = record.row.draft.name.rawValue
        subject = record.row.draft.subject
        time = record.row.draft.time.wireText
        state = record.state.rawValue
        attempts = record.row.attempts
        settledAt = record.settledAt?.wireText
        reason = record.reason
    }

    private enum CodingKeys: String, CodingKey {
        case sequence, id, name, subject, time, state, attempts, settledAt = "settled_at", reason
    }
}
