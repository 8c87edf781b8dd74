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
        let sqlite = try SQLiteVersion.linked()
        printLine("sqlite: \(sqlite)")
        if let fault = sqlite.knownFault { printLine("warning: sqlite \(sqlite): \(fault)") }
        printLine("store: \(try await Self.store(settings))")
        for users in try await Self.duplicateEmails(settings) {
            printLine("warning: several accounts have the same e-mail address: users \(users)")
        }
        printLine("clients: \(settings.clientAddresses)")
        var unreachable: [String] = []
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

    /// The condition of the store, as the server would find it at its start; creates nothing.
    private static func store(_ settings: InstallationSettings) async throws -> String {
        let path = settings.store.url.path
        do {
            let keys = try Installation.existingKeys(settings)
            return
                switch try await SQLiteStore.condition(
                    of: path, keys: keys, codec: settings.signals.sealingCodec)
            {
            case .current: "ok"
            case .outdated: "ok, outdated schema: migrated at the next start, or by `auth-signals migrate`"
            case .missing: "ok, \(path) does not exist yet: created at the first start"
            }
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The users of each e-mail address that several accounts have, if the store exists.
    private static func duplicateEmails(_ settings: InstallationSettings) async throws -> [String] {
        guard
            case .current = try await SQLiteStore.condition(
                of: settings.store.url.path, keys: Installation.existingKeys(settings),
                codec: settings.signals.sealingCodec)
        else { return [] }
        return try await Installation.existingStore(settings, isReadOnly: true).duplicateEmails()
            .map { $0.users.map(\.wireText).joined(separator: ", ") }
    }
}
