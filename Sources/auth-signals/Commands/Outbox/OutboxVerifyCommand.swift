// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthOperations
import AuthSignals
import AuthStore
import Foundation

struct OutboxVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that every signal that was emitted is accounted for.")

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let verification = try await OutboxCommand.store().verifyOutbox()
        if json {
            print(String(decoding: try SignalCodec.encoder().encode(verification), as: UTF8.self))
        } else {
            let status = verification.status
            print(
                "emitted \(status.emitted) = confirmed \(status.confirmed) + unrouted \(status.unrouted)"
                    + " + parked \(status.parked) + pending \(status.pending)")
            verification.faults.forEach { print($0) }
        }
        if !verification.isWhole {
            throw ProcessFailure(
                .failed, "signals are not accounted for: \(verification.faults.count) faults")
        }
    }
}
