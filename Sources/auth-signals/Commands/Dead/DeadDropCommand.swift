// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker

struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete dead letters for good.")

    @Argument(help: "The consumer's queue.")
    var queue: String

    @OptionGroup var selection: DeadSelection

    @Flag(help: "All of them.")
    var all = false

    func validate() throws {
        if selection.isEmpty != all {
            throw ValidationError(
                "say which: --id, --name, --subject, --handler, --since, --before, or --all for all of them")
        }
        _ = try selection.filter()
    }

    func run() async throws {
        let filter = try selection.filter()
        let tally = try await DeadCommand.visit(queue, telling: "deleted") { letter in
            filter.means(letter) ? .drop : .leave
        }
        print("\(tally.dropped) dead letters are deleted, \(tally.seen - tally.removed) stay")
    }
}
