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
    ///
    /// - Parameter isReadOnly: whether the command only looks at it: then no file is made or changed.
    static func store(isReadOnly: Bool = true) async throws -> SQLiteStore {
        var reader = Environment.settings()
        let settings = try InstallationSettings(reading: &reader, needsSource: false)
        let store = try Installation.existingStore(settings, isReadOnly: isReadOnly)
        do { try await store.checkSchema() } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
        return store
    }
}
