// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct OutboxEraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Delete one user's data from the outbox, its history and the mail queue.",
        discussion: """
            This does not delete published messages in queues, dead letters (use `auth-signals dead erase`),
            data that consumers have stored, the account itself (use `auth-signals users delete`), or backups of
            the store.
            """)

    @Option(help: "The user's id.", transform: \.asSubject)
    var subject: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let erasure = try await OutboxCommand.store(isReadOnly: false).erase(subject: subject)
        printLine(json ? try erasure.jsonText() : erasure.text)
        try erasure.checkMails()
    }
}

extension OutboxErasure {
    /// The numbers, as text for the operator.
    var text: String {
        "deleted: \(pending) pending signals, \(settled) signals of the history, \(mails) mails"
    }

    /// - Throws: `ProcessFailure` if mails could not be decrypted.
    func checkMails() throws {
        guard sealedMails > 0 else { return }
        throw ProcessFailure(
            .failed,
            "\(sealedMails) mails could not be decrypted and may belong to that user: set SECRET_KEY or "
                + "SECRET_KEY_FALLBACKS to the key they were sealed with, and run the command again")
    }
}
