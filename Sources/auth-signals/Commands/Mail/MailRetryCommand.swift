// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthStore
import Foundation

/// A selection of failed mails.
struct MailSelection: ParsableArguments {
    @Argument(help: "The ids of failed mails.")
    var ids: [String] = []

    @Flag(help: "Select all failed mails.")
    var all = false

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("select mails by their ids, or all with --all") }
        if ids.contains(where: { UUID(uuidString: $0) == nil }) {
            throw ValidationError("an id must be a UUID")
        }
    }

    func found(in store: any OperatedStore) async throws -> [UUID] {
        let ids = all ? nil : Set(ids.compactMap { UUID(uuidString: $0) })
        return try await store.failedMails(ids: ids).map(\.id)
    }
}

struct MailRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queue failed mails for delivery again.")

    @OptionGroup var selection: MailSelection

    func run() async throws {
        let store = try await OutboxCommand.store(isReadOnly: false)
        let count = try await store.retryMails(try await selection.found(in: store))
        printLine("\(count) mails queued again")
    }
}

struct MailDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete failed mails.")

    @OptionGroup var selection: MailSelection

    func run() async throws {
        let store = try await OutboxCommand.store(isReadOnly: false)
        let count = try await store.dropMails(try await selection.found(in: store))
        printLine("\(count) mails deleted")
    }
}
