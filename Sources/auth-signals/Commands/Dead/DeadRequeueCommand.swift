// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBrokerTools
import AuthServiceKit

struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Republish dead letters to the consumer's queue, with the attempts reset to zero.",
        discussion: """
            A dead letter is deleted after the broker has confirmed its copy, so the command may be interrupted
            and run again: at worst a message is queued twice, and a consumer with an inbox handles it once.
            Messages that fail again in the meantime are not requeued a second time. Dead letters are requeued
            in the order of the queue: oldest first, unless an earlier inspection or requeue was interrupted.
            """)

    @OptionGroup var change: DeadLetterChange

    func run() async throws { try await change.apply(.requeue, "requeued") }
}

struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete dead letters permanently.")

    @OptionGroup var change: DeadLetterChange

    func run() async throws { try await change.apply(.drop, "deleted") }
}

/// The arguments of `requeue` and `drop`: a queue and a selection of its dead letters, or `--all`.
struct DeadLetterChange: ParsableArguments {
    @Argument(help: "The consumer's queue.")
    var queue: String

    @OptionGroup var selection: DeadLetterSelection

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
    func apply(_ verdict: DeadLetterQueue.Verdict, _ verb: String) async throws {
        let selection = selection
        let handlers = DeadLetterHandlers()
        let tally = try await DeadCommand.visit(queue, progressVerb: verb) { letter in
            handlers.insert(letter)
            return selection.matches(letter) ? verdict : .leave
        }
        handlers.warnIfUnknown(selection.handler)
        printLine("\(tally.removed) dead letters \(verb), \(tally.seen - tally.removed) remain")
    }
}
