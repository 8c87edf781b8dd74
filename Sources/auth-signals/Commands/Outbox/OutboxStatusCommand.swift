// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import AuthStore
import Foundation

struct OutboxStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How much waits, since when, and what became of the rest.")

    @Flag(help: "As JSON.")
    var json = false

    func run() async throws {
        let status = try await OutboxCommand.store().status()
        if json {
            print(try status.jsonText())
            return
        }
        let since = status.oldestPending.map { ", the oldest since \($0.wireText)" } ?? ""
        print("emitted    \(status.emitted)")
        print("confirmed  \(status.confirmed)")
        print("unrouted   \(status.unrouted)")
        print("parked     \(status.parked)")
        print("pending    \(status.pending)\(since)")
        if status.erased > 0 { print("erased     \(status.erased)") }
        if let paused = status.pausedSince {
            print("paused     since \(paused.wireText): `auth-signals outbox resume` lets it go on")
        }
    }
}
