// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthStore

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Inspect and manage the accounts in the store.",
        discussion: """
            A change is one transaction with its signals, which a running relay publishes. Commands that change an
            account need the settings of the server, such as SIGNALS_SOURCE and SIGNALS_PAYLOAD.
            """,
        subcommands: [
            UsersListCommand.self, UsersShowCommand.self, UsersConfirmEmailCommand.self,
            UsersEndSessionsCommand.self, UsersDeactivateCommand.self, UsersActivateCommand.self,
            UsersDeleteCommand.self, UsersAnnounceCommand.self,
        ])

    /// The store and its accounts, for a command that changes them.
    static func opened() async throws -> (accounts: Accounts, store: any OperatedStore) {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader)
        let opened = try await OutboxCommand.opened(settings, isReadOnly: false)
        let accounts = Accounts(store: opened.store, keys: opened.keys, settings: settings.account)
        return (accounts, opened.store)
    }
}
