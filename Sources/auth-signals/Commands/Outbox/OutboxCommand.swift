// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthStore

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Look at the signals of the store, and send them again.",
        subcommands: [
            OutboxStatusCommand.self, OutboxListCommand.self, OutboxShowCommand.self,
            OutboxRepublishCommand.self, OutboxPurgeCommand.self, OutboxVerifyCommand.self,
            OutboxPauseCommand.self, OutboxResumeCommand.self, OutboxEraseCommand.self,
        ])

    /// The store, without anything that runs.
    static func store() async throws -> SQLiteStore {
        var reader = Environment.settings()
        let settings = try InstallationSettings(reading: &reader, needsSource: false)
        let installation = try await Installation(settings, migrating: false)
        do { try await installation.store.checkSchema() } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
        return installation.store
    }
}
