// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker

struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete dead letters permanently.")

    @OptionGroup var change: DeadChange

    func run() async throws { try await change.make(.drop, "deleted") }
}
