// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthSignals
import AuthStore

struct OutboxPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause publishing, also across restarts; flows continue and new signals stay pending.",
        discussion: "It takes effect within a second.")

    func run() async throws {
        let since = try await OutboxCommand.store(isReadOnly: false).pauseOutbox()
        printLine("paused since \(since.wireText)")
    }
}

struct OutboxResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Resume publishing.")

    func run() async throws {
        let store = try await OutboxCommand.store(isReadOnly: false)
        try await store.resumeOutbox()
        printLine("resumed; \(try await store.status().pending) signals pending")
    }
}
