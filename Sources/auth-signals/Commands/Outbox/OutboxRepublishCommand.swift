// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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

    @Flag(help: "Say how many, and change nothing.")
    var dryRun = false

    func run() async throws {
        if selection.isEmpty, !unrouted, !parked {
            throw ValidationError(
                "say which: --id, --name, --subject, --since, --until, --unrouted or --parked")
        }
        var states: Set<OutboxRecord.State> = []
        if unrouted { states.insert(.unrouted) }
        if parked { states.insert(.parked) }
        if states.isEmpty { states = [.confirmed, .unrouted, .parked] }
        let filter = try selection.filter(states)
        let store = try await OutboxCommand.store()
        if dryRun {
            var (count, after) = (0, Int64(0))
            while let last = try await store.outboxRecords(filter, after: after, limit: 1000).map(
                \.row.sequence
            )
            .reduce(
                into: nil as Int64?,
                { last, sequence in
                    count += 1
                    last = sequence
                })
            { after = last }
            print("\(count) signals would be sent again")
        } else {
            print("\(try await store.republish(filter)) signals are sent again")
        }
    }
}
