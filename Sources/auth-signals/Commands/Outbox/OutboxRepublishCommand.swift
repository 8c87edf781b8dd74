// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthSignals
import AuthStore

struct OutboxRepublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "republish",
        abstract: "Send signals again, under the same ids: consumers with an inbox handle them once.")

    @OptionGroup var selection: OutboxSelection

    @Flag(help: "Only those that reached no queue.")
    var unrouted = false

    @Flag(help: "Only those that the broker refused for good.")
    var parked = false

    @Option(help: "To this consumer's queue only; what the store says of them stays as it is.")
    var to: String?

    @Flag(help: "Say how many, and change nothing.")
    var dryRun = false

    func validate() throws {
        if selection.isEmpty, !unrouted, !parked {
            throw ValidationError(
                "say which: --id, --name, --subject, --since, --until, --unrouted or --parked")
        }
    }

    func run() async throws {
        let filter = filter()
        if dryRun {
            printLine("\(try await count(filter)) signals would be sent again")
        } else if let to {
            var reader = Environment.settings()
            let settings = try InstallationSettings(reading: &reader)
            let store = try await OutboxCommand.store()
            let count = try await DirectRepublish(queue: to, settings: settings, store: store).send(filter)
            printLine("\(count) signals are sent again to \(to)")
        } else {
            let store = try await OutboxCommand.store(isReadOnly: false)
            printLine("\(try await store.republish(filter)) signals are sent again")
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
