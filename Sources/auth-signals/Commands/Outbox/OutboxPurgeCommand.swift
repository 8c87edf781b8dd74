// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthStore
import Foundation

struct OutboxPurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete settled signals, except pending ones, and unrouted ones of the last day.")

    @OptionGroup var selection: OutboxSelection

    @Option(name: .customLong("state"), help: "unrouted, parked or confirmed; may be repeated.")
    var states: [OutboxRecord.State] = [.confirmed]

    func run() async throws {
        let filter = selection.filter(Set(states))
        let count = try await OutboxCommand.store(isReadOnly: false).purge(filter, settledBefore: Date())
        printLine("\(count) signals deleted")
    }
}
