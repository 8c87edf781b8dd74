// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthFlows
import AuthMail
import AuthOperations
import AuthProviders
import AuthSignals
import AuthStore
import Logging

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Read the whole configuration, report every fault, and try the store, the broker, mail and the providers; "
            + "nothing is made or changed."
    )

    func run() async throws {
        var reader = Environment.settings()
        let settings = try InstallationSettings(reading: &reader, faultsForUnknownNames: true)
        _ = settings.operation.bootstrap()
        for warning in settings.warnings { printLine("warning: \(warning)") }
        let sqlite = try SQLiteVersion.linked()
        printLine("sqlite: \(sqlite)")
        if let fault = sqlite.knownFault { printLine("warning: sqlite \(sqlite): \(fault)") }
        printLine("store: \(try await Self.store(settings))")
        for users in try await Self.duplicateEmails(settings) {
            printLine("warning: one e-mail address, several accounts: users \(users)")
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

    /// Tries the mail server; of a folder, which is made with the first mail, it looks at the place.
    private static func checkMail(_ mail: MailConfiguration) async throws(MailError) {
        if case .folder(let folder) = mail.url.target {
            return try await FileTransport(folder: folder).checkPlace()
        }
        try await mail.transport(logger: Logger(label: "auth-signals.mail")).check()
    }

    /// What a start would find; nothing is made.
    private static func store(_ settings: InstallationSettings) async throws -> String {
        let path = settings.store.url.path
        do {
            let keys = try Installation.keysWithoutMaking(settings)
            return
                switch try await SQLiteStore.condition(
                    of: path, keys: keys, codec: settings.signals.sealingCodec)
            {
            case .current: "ok"
            case .outdated: "ok, and migrated when a program starts, or by `auth-signals migrate`"
            case .missing: "ok, \(path) does not exist yet and is made when a program starts"
            }
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The users of each address that several accounts of an existing store have.
    private static func duplicateEmails(_ settings: InstallationSettings) async throws -> [String] {
        guard
            case .current = try await SQLiteStore.condition(
                of: settings.store.url.path, keys: Installation.keysWithoutMaking(settings),
                codec: settings.signals.sealingCodec)
        else { return [] }
        return try await Installation.existingStore(settings, isReadOnly: true).duplicateEmails()
            .map { $0.users.map(\.wireText).joined(separator: ", ") }
    }
}
