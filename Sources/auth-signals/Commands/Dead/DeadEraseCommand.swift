// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBrokerTools
import AuthServiceKit
import AuthSignals

struct DeadEraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Delete one user's dead letters permanently.",
        discussion: """
            Messages in the queue itself and in its retry queues are not deleted: they are handled, or become
            dead letters. `auth-signals outbox erase` deletes a user's data from the store.
            """)

    @Argument(help: "The consumers' queues.")
    var queues: [String]

    @Option(help: "The user's id.", transform: \.asSubject)
    var subject: String

    func run() async throws {
        let subject = subject
        for queue in queues {
            let tally = try await DeadCommand.visit(queue, progressVerb: "deleted") { letter in
                letter.message.subject == subject ? .drop : .leave
            }
            printLine(
                "\(queue): \(tally.dropped) dead letters deleted, \(tally.seen - tally.removed) remain")
        }
    }
}
