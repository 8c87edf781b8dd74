// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthMail
import AuthOperations
import AuthStore

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read the whole configuration, say every fault, and try the store, the broker and mail.")

    func run() async throws {
        var reader = Environment.settings()
        let settings = try InstallationSettings(reading: &reader, faultsForUnknownNames: true)
        _ = settings.operation.bootstrap()
        let installation = try await Installation(settings)
        print("store: ok")
        var unreachable: [String] = []
        do {
            try await installation.mailTransport().check()
            print("mail: ok")
        } catch {
            print("mail: \(error)")
            unreachable.append("mail")
        }
        do {
            try await BrokerAdmin(settings.broker).check()
            print("broker: ok")
        } catch {
            print("broker: \(error)")
            unreachable.append("broker")
        }
        if !unreachable.isEmpty {
            throw ProcessFailure(.unreachable, "not reachable: \(unreachable.joined(separator: ", "))")
        }
    }
}
