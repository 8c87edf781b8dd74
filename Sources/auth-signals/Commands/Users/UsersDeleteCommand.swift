// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct UsersDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract:
            "Delete an account with its addresses, sessions and accounts at providers: account.user_deleted.",
        discussion: """
            With --erase it also deletes the user's data from the outbox, its history and the mail queue, as
            `outbox erase` does, as soon as the relay has published the signals of the deletion. If they are not
            published within --wait seconds, the exit code is 1, the account is deleted and nothing is erased: run
            `outbox erase --subject ID` later.

            Nothing is deleted while a queued mail cannot be decrypted, since it may be about the user.

            This does not delete published messages in queues, dead letters (use `auth-signals dead erase`), data
            that consumers have stored, or backups of the store.
            """)

    @OptionGroup var selection: UserSelection

    @Flag(help: "Also delete the user's data from the outbox, its history and the mail queue.")
    var erase = false

    @Option(help: "With --erase: how many seconds to wait for the relay.")
    var wait = 10

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait must be 0 to 86400") }
    }

    func run() async throws {
        let (accounts, store) = try await UsersCommand.opened()
        let user = try await selection.user(in: store)
        // Afterwards such a mail could be sent to a user who is gone, and not be recognized as about that user.
        let sealed = try await store.undecryptableMailCount()
        if sealed > 0 {
            throw ProcessFailure(
                .failed,
                "\(sealed) queued mails cannot be decrypted and may be about that user; nothing was deleted: set "
                    + "SECRET_KEY or SECRET_KEY_FALLBACKS to the key they were sealed with")
        }
        if erase { try await store.overwriteDeletedRows() }
        guard try await accounts.users.delete(user.id) else {
            throw ProcessFailure(.failed, "the user was deleted in the meantime")
        }
        var result = Result(id: user.subject)
        do {
            if erase, try await isPublished(user.subject, store) {
                result.erased = try await store.erase(subject: user.subject)
            }
        } catch {
            // The account is gone whatever fails now.
            show(result)
            throw ProcessFailure(
                .failed,
                "the account is deleted, but erasing failed: \(error); run `auth-signals outbox erase --subject "
                    + "\(user.subject)`")
        }
        show(result)
        if erase, result.erased == nil {
            throw ProcessFailure(
                .failed,
                "the account is deleted, but signals of the user are still pending, so nothing was erased: run "
                    + "`auth-signals outbox erase --subject \(user.subject)` when they are published")
        }
        try result.erased?.checkMails()
    }

    /// Waits until no signal of the user is pending: an erased signal is not published.
    ///
    /// - Returns: false if one is still pending after the time-out or an interruption.
    private func isPublished(_ subject: String, _ store: any OperatedStore) async throws -> Bool {
        let interruption = await Interruption.listening()
        let deadline = ContinuousClock.now + .seconds(wait)
        let pending = OutboxFilter([.pending], subject: subject)
        while try await !store.outboxRecords(pending, after: 0, limit: 1).isEmpty {
            if interruption.isRequested || ContinuousClock.now >= deadline { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    private func show(_ result: Result) {
        if json {
            printLine((try? result.jsonText()) ?? "")
        } else {
            printLine("\(result.id): account deleted")
            if let erased = result.erased { printLine(erased.text) }
        }
    }

    private struct Result: Encodable {
        var id: String
        var isDeleted = true
        var erased: OutboxErasure?
        private enum CodingKeys: String, CodingKey { case id, isDeleted = "deleted", erased }
    }
}
