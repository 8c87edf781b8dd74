// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import AuthSignals
import AuthStore
import Foundation

/// Which rows are meant: the options that `list`, `republish` and `purge` share.
struct OutboxSelection: ParsableArguments {
    @Option(name: .customLong("id"), help: "One signal's id; may be repeated.")
    var ids: [String] = []

    @Option(help: "A name or a pattern: account.user_logged_in, 'account.password_*', 'socialaccount.#'.")
    var name: String?

    @Option(help: "A user's id.")
    var subject: String?

    @Option(help: "Emitted since: \(PointInTime.form).")
    var since: String?

    @Option(help: "Emitted before: as --since.")
    var until: String?

    /// - Throws: `ValidationError` that says what is malformed.
    func filter(_ states: Set<OutboxRecord.State>) throws -> OutboxFilter {
        var filter = OutboxFilter(states)
        if !ids.isEmpty {
            filter.ids = Set(
                try ids.map { text in
                    guard let id = UUID(uuidString: text) else {
                        throw ValidationError("--id must be a UUID")
                    }
                    return id
                })
        }
        if let name {
            guard let meant = try? SignalNameFilter(validating: name) else {
                throw ValidationError("--name must be a signal's name or a pattern")
            }
            filter.name = meant
        }
        filter.subject = subject
        filter.from = try since.map { try PointInTime.parse($0, "--since") }
        filter.to = try until.map { try PointInTime.parse($0, "--until") }
        return filter
    }

    /// Whether anything was asked for.
    var isEmpty: Bool { ids.isEmpty && name == nil && subject == nil && since == nil && until == nil }
}

extension OutboxRecord.State: ExpressibleByArgument {}
