// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker

struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Send dead letters back to that consumer's queue; its attempts are counted anew.",
        discussion: """
            A letter is deleted after the broker has confirmed its copy, so that it may be interrupted and run
            again: at worst a copy is there twice, and an inbox handles it once. What fails again meanwhile
            is not looked at a second time.
            """)

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
        let tally = try await DeadCommand.visit(queue, telling: "requeued") { letter in
            filter.means(letter) ? .requeue : .leave
        }
        print("\(tally.requeued) dead letters are requeued, \(tally.seen - tally.removed) stay")
    }
}
