// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore

struct UsersDeactivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate",
        abstract:
            "Lock a user out until `users activate`, and end all their sessions: account.user_deactivated.")

    @OptionGroup var selection: UserSelection

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (accounts, store) = try await UsersCommand.opened()
        let user = try await selection.user(in: store)
        let isFound = try await accounts.users.deactivate(user.id)
        try UserActivity(user, isActive: false, isFound: isFound).show(json: json)
    }
}

struct UsersActivateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Allow a user to log in again: account.user_activated.")

    @OptionGroup var selection: UserSelection

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let (accounts, store) = try await UsersCommand.opened()
        let user = try await selection.user(in: store)
        let isFound = try await accounts.users.activate(user.id)
        try UserActivity(user, isActive: true, isFound: isFound).show(json: json)
    }
}

/// The output of `users activate` and `users deactivate`.
private struct UserActivity: Encodable {
    var id: String
    var isActive: Bool
    /// Whether the user had the other state when they were selected.
    var isChanged: Bool

    /// - Throws: `ProcessFailure` if the user was deleted since they were selected.
    init(_ user: User, isActive: Bool, isFound: Bool) throws {
        guard isFound else { throw ProcessFailure(.failed, "the user was deleted in the meantime") }
        id = user.subject
        self.isActive = isActive
        isChanged = user.isActive != isActive
    }

    func show(json: Bool) throws {
        let state = isActive ? "active" : "inactive"
        printLine(json ? try jsonText() : "\(id): \(isChanged ? "is \(state) now" : "was \(state) already")")
    }

    private enum CodingKeys: String, CodingKey { case id, isActive = "is_active", isChanged = "changed" }
}
