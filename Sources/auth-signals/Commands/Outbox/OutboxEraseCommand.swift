// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthSignals
import AuthStore
import Foundation

struct OutboxEraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Delete what the outbox, its history and the mail queue hold of one person.",
        discussion: """
            What was delivered elsewhere is not reached: queues, dead letters (`auth-signals dead erase`), and
            whatever consumers have made of it. Neither is the account itself, nor backups of the store.
            """)

    @Option(help: "The user's id.", transform: \.asSubject)
    var subject: String

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let erasure = try await OutboxCommand.store(isReadOnly: false).erase(subject: subject)
        if json {
            printLine(try erasure.jsonText())
        } else {
            printLine(
                "deleted: \(erasure.pending) signals that waited, \(erasure.settled) of the history, "
                    + "\(erasure.mails) mails")
        }
        if erasure.sealedMails > 0 {
            throw ProcessFailure(
                .failed,
                "\(erasure.sealedMails) mails could not be opened and may be of that person: set SECRET_KEY or "
                    + "SECRET_KEY_FALLBACKS to the key they were sealed with, and run it again")
        }
    }
}
