// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthStore
import Foundation

/// Which of the mails that were given up are meant.
struct MailSelection: ParsableArguments {
    @Argument(help: "Their ids.")
    var ids: [String] = []

    @Flag(help: "All of them.")
    var all = false

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("say which: their ids, or --all") }
        if ids.contains(where: { UUID(uuidString: $0) == nil }) {
            throw ValidationError("an id must be a UUID")
        }
    }

    func found(in store: SQLiteStore) async throws -> [UUID] {
        let ids = all ? nil : Set(ids.compactMap { UUID(uuidString: $0) })
        return try await store.givenUpMails(ids: ids).map(\.id)
    }
}

struct MailRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try mails again that were given up.")

    @OptionGroup var selection: MailSelection

    func run() async throws {
        let store = try await OutboxCommand.store(isReadOnly: false)
        let count = try await store.retryMails(try await selection.found(in: store))
        printLine("\(count) mails are tried again")
    }
}

struct MailDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete mails that were given up.")

    @OptionGroup var selection: MailSelection

    func run() async throws {
        let store = try await OutboxCommand.store(isReadOnly: false)
        let count = try await store.dropMails(try await selection.found(in: store))
        printLine("\(count) mails are deleted")
    }
}
