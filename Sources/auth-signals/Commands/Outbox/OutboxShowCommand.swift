// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthSignals
import AuthStore
import Foundation

struct OutboxShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One signal whole, with its data; what is personal is hidden.")

    @Argument(help: "The signal's id.")
    var id: String

    @Flag(help: "Show what is personal, too.")
    var full = false

    func run() async throws {
        guard let id = UUID(uuidString: id) else { throw ValidationError("the id must be a UUID") }
        let filter = OutboxFilter(Set(OutboxRecord.State.allCases), ids: [id])
        guard let record = try await OutboxCommand.store().outboxRecords(filter, limit: 1).first else {
            throw ProcessFailure(.failed, "no signal of that id is kept")
        }
        let data = try SignalCodec.decoder().decode(JSONValue.self, from: record.row.draft.data)
        printLine(try OutboxLine(record).jsonText(pretty: true), keepingLineBreaks: true)
        printLine(try (full ? data : Redaction.redact(data)).jsonText(pretty: true), keepingLineBreaks: true)
    }
}
