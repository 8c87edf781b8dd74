// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore

struct UsersEndSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end-sessions",
        abstract:
            "End all sessions of a user: usersessions.session_ended for each; the user can log in again.")

    @OptionGroup var selection: UserSelection

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (accounts, store) = try await UsersCommand.opened()
        let user = try await selection.user(in: store)
        guard let ended = try await accounts.users.endSessions(of: user.id) else {
            throw ProcessFailure(.failed, "the user was deleted in the meantime")
        }
        printLine(
            json
                ? try Result(id: user.subject, ended: ended).jsonText()
                : "\(user.subject): \(ended) sessions ended")
    }

    private struct Result: Encodable {
        var id: String
        var ended: Int
        private enum CodingKeys: String, CodingKey { case id, ended = "ended_sessions" }
    }
}
