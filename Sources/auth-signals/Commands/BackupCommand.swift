// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store to a new file while it is in use.",
        discussion: """
            The copy does not contain the secret key: back up SECRET_KEY, or the file STORE.key, separately. Without it
            queued mails and pending log-ins cannot be decrypted.
            """)

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader, needsSource: false)
        let backend = try settings.storeBackend
        try backend.requireFile()
        let store = try await OutboxCommand.store(settings, isReadOnly: true)
        do {
            try await backend.backUp(store, to: file)
        } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
        printLine("store copied to \(file)")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore the store from a backup.",
        discussion: """
            First stop every process that uses the store, and move STORE, STORE-wal and STORE-shm away: existing files
            are not overwritten. Signals that are pending in the backup are published, again if they were published
            after the backup was made. New signals get higher sequence numbers than all earlier ones. Accounts, sessions
            and signals created after the backup are lost.
            """)

    @Argument(help: "A file written by `auth-signals backup`.")
    var file: String

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let backend = try InstallationSettings(reading: &reader, needsSource: false).storeBackend
        try backend.requireFile()
        do {
            let sequence = try await backend.restore(from: file)
            printLine(
                "store \(backend.location) restored; the next signal has a sequence number above \(sequence)")
        } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
    }
}
