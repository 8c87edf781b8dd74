// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthFlows
import AuthMail
import AuthServiceKit
import AuthProviders
import AuthSignals
import AuthStore
import Logging

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Validate all settings, and test the store, the broker, mail and the providers, without creating or "
            + "changing anything."
    )

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader, faultsForUnknownNames: true)
        _ = settings.process.bootstrap()
        for warning in settings.warnings { printLine("warning: \(warning)") }
        var unreachable: [String] = []
        do {
            try await settings.storeBackend.check { printLine($0) }
        } catch let error as StoreError {
            let failure = ProcessFailure(opening: error)
            guard failure.code == .unreachable else { throw failure }
            printLine("store: \(error)")
            unreachable.append("store")
        }
        printLine("clients: \(settings.clientAddresses)")
        do {
            try await Self.checkMail(settings.mail)
            printLine("mail: ok")
        } catch {
            printLine("mail: \(error)")
            unreachable.append("mail")
        }
        do {
            try await BrokerAdmin(settings.broker).check()
            printLine("broker: ok")
        } catch {
            printLine("broker: \(error)")
            unreachable.append("broker")
        }
        let client = ProviderClient(settings.providers.limits, outgoing: settings.outgoing)
        for (id, error) in await settings.providers.check(over: client) {
            printLine("provider \(id): \(error.map { "\($0)" } ?? "ok")")
            if error != nil { unreachable.append("provider \(id)") }
        }
        await client.shutdown()
        if !unreachable.isEmpty {
            throw ProcessFailure(.unreachable, "not reachable: \(unreachable.joined(separator: ", "))")
        }
    }

    /// Tests the mail server. A mail folder is created with the first mail, so only its location is checked.
    private static func checkMail(_ mail: MailSettings) async throws(MailError) {
        if case .folder(let folder) = mail.url.target {
            return try await FileTransport(folder: folder).checkPlace()
        }
        try await mail.transport(logger: Logger(label: "auth-signals.mail")).check()
    }
}
