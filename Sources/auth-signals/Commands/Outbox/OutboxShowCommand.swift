// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct OutboxShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a signal with its data, personal data redacted.")

    @Argument(help: "The signal's id.")
    var id: String

    @Flag(help: "Include personal data.")
    var full = false

    func run() async throws {
        guard let id = UUID(uuidString: id) else { throw ValidationError("the id must be a UUID") }
        let filter = OutboxFilter(Set(OutboxRecord.State.allCases), ids: [id])
        guard let record = try await OutboxCommand.store().outboxRecords(filter, after: 0, limit: 1).first
        else {
            throw ProcessFailure(.failed, "no signal with that id is stored")
        }
        let data = try SignalCodec.decoder().decode(JSONValue.self, from: record.row.draft.data)
        printLine(try OutboxLine(record).jsonText(pretty: true), keepingLineBreaks: true)
        printLine(
            try (full ? data : Redaction.catalog.redact(data)).jsonText(pretty: true), keepingLineBreaks: true
        )
    }
}
