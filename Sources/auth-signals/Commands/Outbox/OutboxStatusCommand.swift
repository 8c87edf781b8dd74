// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct OutboxStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print the numbers of signals by state and the oldest pending one.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let status = try await OutboxCommand.store().status()
        if json {
            printLine(try status.jsonText())
            return
        }
        let since = status.oldestPending.map { ", the oldest since \($0.wireText)" } ?? ""
        printLine("emitted    \(status.emitted)")
        printLine("confirmed  \(status.confirmed)")
        printLine("unrouted   \(status.unrouted)")
        printLine("parked     \(status.parked)")
        printLine("pending    \(status.pending)\(since)")
        if status.erased > 0 { printLine("erased     \(status.erased)") }
        if let paused = status.pausedSince {
            printLine("paused     since \(paused.wireText): run `auth-signals outbox resume` to continue")
        }
    }
}
