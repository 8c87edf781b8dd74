// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

struct UsersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List accounts in the order in which they were created.",
        discussion: "To continue a list, pass the last id that was printed in --after.")

    @Option(help: "The maximum number of accounts.")
    var limit = 100

    @Option(help: "Only accounts after this id.")
    var after: String?

    @Option(help: "Joined at or after: \(PointInTime.format).", transform: PointInTime.parse)
    var since: Date?

    @Flag(help: "Include e-mail addresses and usernames.")
    var full = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    /// The number of accounts that are read at a time.
    private static let pageSize = 500

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be 1 or more") }
        if let after, UUID(uuidString: after) == nil { throw ValidationError("--after must be a UUID") }
    }

    func run() async throws {
        let store = try await OutboxCommand.store()
        var (cursor, rest) = (after.flatMap(UUID.init(uuidString:)), limit)
        while rest > 0 {
            let page = try await store.users(
                after: cursor, joinedFrom: since, limit: min(rest, Self.pageSize))
            guard let last = page.users.last else { return }
            for record in page.users { try show(UserLine(record)) }
            cursor = last.user.id
            rest -= page.users.count
        }
        let next = try await store.users(after: cursor, joinedFrom: since, limit: 1)
        if let cursor, !next.users.isEmpty {
            printNote(
                "the list ends after \(limit); there are more: continue with --after \(cursor.wireText)")
        }
    }

    private func show(_ line: UserLine) throws {
        let value = try line.outputValue(full: full)
        if json {
            printLine(try value.jsonText())
        } else {
            let parts = [
                line.id, line.dateJoined, line.isActive ? "active" : "inactive",
                value["email"]?.string ?? "-",
                value["username"]?.string ?? "-",
            ]
            printLine(parts.joined(separator: "  "))
        }
    }
}
