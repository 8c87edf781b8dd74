// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthStore

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Migrate the store to the current schema.")

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader, needsSource: false)
        let installation = try await Installation(settings)
        for users in try await installation.duplicateEmails() {
            printLine("several accounts have the same e-mail address: users \(users)")
        }
        await installation.close()
        printLine("store is up to date: \(try settings.storeBackend.location)")
    }
}
