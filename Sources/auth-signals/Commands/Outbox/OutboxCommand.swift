// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthStore

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Inspect and manage the signals in the store.",
        subcommands: [
            OutboxStatusCommand.self, OutboxListCommand.self, OutboxShowCommand.self,
            OutboxRepublishCommand.self, OutboxPurgeCommand.self, OutboxVerifyCommand.self,
            OutboxPauseCommand.self, OutboxResumeCommand.self, OutboxEraseCommand.self,
        ])

    /// The store alone, without running services.
    ///
    /// - Parameter isReadOnly: whether the command only reads; then no file is created or changed.
    static func store(isReadOnly: Bool = true) async throws -> any OperatedStore {
        var reader = ProcessEnvironment.settings()
        return try await store(
            InstallationSettings(reading: &reader, needsSource: false), isReadOnly: isReadOnly)
    }

    /// As ``store(isReadOnly:)``, for settings that were read.
    static func store(_ settings: InstallationSettings, isReadOnly: Bool) async throws -> any OperatedStore {
        try await opened(settings, isReadOnly: isReadOnly).store
    }

    /// As ``store(_:isReadOnly:)``, with the store's keys.
    static func opened(_ settings: InstallationSettings, isReadOnly: Bool) async throws -> OpenedStore {
        let opened = try Installation.existingStore(settings, isReadOnly: isReadOnly)
        do { try await opened.store.checkSchema() } catch let error as StoreError {
            let failure = ProcessFailure(opening: error)
            throw failure.code == .unreachable ? failure : ProcessFailure(.failed, error.message)
        }
        return opened
    }
}
