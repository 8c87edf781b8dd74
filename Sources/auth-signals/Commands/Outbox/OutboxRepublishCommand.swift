// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore

struct OutboxRepublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "republish",
        abstract: "Publish signals again with the same ids; consumers with an inbox handle them once.")

    @OptionGroup var selection: OutboxSelection

    @Flag(help: "Only unrouted signals: no queue was bound for them.")
    var unrouted = false

    @Flag(help: "Only parked signals: the broker permanently refused them.")
    var parked = false

    @Option(help: "Publish to this consumer's queue only; the states in the store do not change.")
    var to: String?

    @Flag(help: "Only print the number of signals.")
    var dryRun = false

    func validate() throws {
        if selection.isEmpty, !unrouted, !parked {
            throw ValidationError(
                "select signals with --id, --name, --subject, --since, --until, --unrouted or --parked")
        }
    }

    func run() async throws {
        let filter = filter()
        if dryRun {
            printLine("\(try await count(filter)) signals would be republished")
        } else if let to {
            var reader = ProcessEnvironment.settings()
            let settings = try InstallationSettings(reading: &reader)
            let store = try await OutboxCommand.store()
            let count = try await DirectRepublish(queue: to, settings: settings, store: store).send(filter)
            printLine("\(count) signals republished to \(to)")
        } else {
            let store = try await OutboxCommand.store(isReadOnly: false)
            printLine("\(try await store.republish(filter)) signals set to pending, to be published again")
        }
    }

    private func filter() -> OutboxFilter {
        var states: Set<OutboxRecord.State> = []
        if unrouted { states.insert(.unrouted) }
        if parked { states.insert(.parked) }
        if states.isEmpty { states = [.confirmed, .unrouted, .parked] }
        return selection.filter(states)
    }

    private func count(_ filter: OutboxFilter) async throws -> Int {
        var count = 0
        try await OutboxCommand.store().forEachPage(of: filter) { count += $0.count }
        return count
    }
}
