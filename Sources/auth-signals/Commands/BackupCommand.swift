// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthSignals
import AuthStore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store into a new file, while it is in use.",
        discussion: """
            The secret key is not in the copy: keep SECRET_KEY, or the file STORE.key, in another place. Without it
            queued mails and pending log-ins cannot be opened.
            """)

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    func run() async throws {
        let store = try await OutboxCommand.store()
        do {
            try await StoreBackup.make(of: store, at: file)
        } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
        printLine("the store is copied to \(file)")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make the store from a backup.",
        discussion: """
            Stop every process that uses the store, and move STORE, STORE-wal and STORE-shm away first: nothing is
            overwritten. Signals that waited in the backup are sent, again if they were sent after it. New signals get
            higher sequence numbers than any that were given before. Accounts, sessions and signals that came after the
            backup are not in it.
            """)

    @Argument(help: "What `auth-signals backup` wrote.")
    var file: String

    func run() async throws {
        var reader = Environment.settings()
        let path = try InstallationSettings(reading: &reader, needsSource: false).store.url.path
        do {
            let sequence = try await StoreBackup.restore(file, to: path)
            printLine("\(path) is restored; its next signal has a sequence number above \(sequence)")
        } catch let error as StoreError {
            throw ProcessFailure(.failed, error.message)
        }
    }
}
