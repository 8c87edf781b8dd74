// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthServiceKit

/// The arguments of `requeue` and `drop`: a queue and a selection of its dead letters, or `--all`.
struct DeadChange: ParsableArguments {
    @Argument(help: "The consumer's queue.")
    var queue: String

    @OptionGroup var selection: DeadSelection

    @Flag(help: "Select all dead letters.")
    var all = false

    func validate() throws {
        if selection.isEmpty != all {
            throw ValidationError(
                "select dead letters with --id, --name, --subject, --handler, --since or --before, or all with --all"
            )
        }
    }

    /// Applies the verdict to each selected dead letter and prints the numbers.
    ///
    /// - Parameter verb: the verdict in the output, such as “requeued”.
    func make(_ verdict: DeadLetterQueue.Verdict, _ verb: String) async throws {
        let selection = selection
        let handlers = SeenHandlers()
        let tally = try await DeadCommand.visit(queue, telling: verb) { letter in
            handlers.see(letter)
            return selection.means(letter) ? verdict : .leave
        }
        handlers.warn(of: selection.handler)
        printLine("\(tally.removed) dead letters \(verb), \(tally.seen - tally.removed) remain")
    }
}
