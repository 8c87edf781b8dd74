// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations
import AuthSignals

struct DeadEraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Delete one person's dead letters for good.",
        discussion: """
            What waits on the ladder of retries, or in the queue itself, is not reached: it is handled, or it
            becomes a dead letter. `auth-signals outbox erase` does the same for the store.
            """)

    @Argument(help: "The consumers' queues.")
    var queues: [String]

    @Option(help: "The user's id.", transform: \.asSubject)
    var subject: String

    func run() async throws {
        let subject = subject
        for queue in queues {
            let tally = try await DeadCommand.visit(queue, telling: "deleted") { letter in
                letter.message.subject == subject ? .drop : .leave
            }
            printLine(
                "\(queue): \(tally.dropped) dead letters are deleted, \(tally.seen - tally.removed) stay")
        }
    }
}
