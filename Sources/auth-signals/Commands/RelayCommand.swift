// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthServices
import AuthStore

struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Publish the store's signals without the server.")

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader)
        let metrics = settings.process.bootstrap()
        let installation = try await Installation(settings)
        let (relay, publisher) = installation.relay()
        let health = InstallationHealth(installation, relay: relay, publisher: publisher)
        var services = try await health.services(metrics: metrics, brokerIsRequired: true)
        // A stand-alone relay also purges the history and reports the store's size.
        services +=
            AuthServices(
                housekeeping: StoreHousekeeping(installation.store), publisher: publisher, relay: relay,
                mailLoop: nil
            ).all
        try await installation.run(services)
    }
}
