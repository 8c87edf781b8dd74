// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit

struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail",
        abstract: "Deliver the store's mails without the server, or manage failed mails.",
        subcommands: [
            MailRunCommand.self, MailListCommand.self, MailRetryCommand.self, MailDropCommand.self,
        ], defaultSubcommand: MailRunCommand.self)
}

struct MailRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Deliver the store's mails without the server.")

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader)
        let metrics = settings.process.bootstrap()
        let installation = try await Installation(settings)
        let health = InstallationHealth(installation, relay: nil, publisher: nil)
        var services = try await health.services(metrics: metrics, brokerIsRequired: false)
        services.append(try await installation.mailLoop())
        try await installation.run(services)
    }
}
