// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations

/// What `requeue` and `drop` share: a queue, and which of its dead letters; all of them only where that is said.
struct DeadChange: ParsableArguments {
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
    }

    /// Does with each of them what the verdict says, and prints how many there were.
    ///
    /// - Parameter verb: what has become of them then, such as “requeued”.
    func make(_ verdict: DeadLetterBox.Verdict, _ verb: String) async throws {
        let selection = selection
        let handlers = SeenHandlers()
        let tally = try await DeadCommand.visit(queue, telling: verb) { letter in
            handlers.see(letter)
            return selection.means(letter) ? verdict : .leave
        }
        handlers.warn(of: selection.handler)
        printLine("\(tally.removed) dead letters are \(verb), \(tally.seen - tally.removed) stay")
    }
}
