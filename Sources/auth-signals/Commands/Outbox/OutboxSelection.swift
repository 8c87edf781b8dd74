// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import AuthSignals
import AuthStore
import Foundation

/// Which rows are meant: the options that `list`, `republish` and `purge` share.
struct OutboxSelection: ParsableArguments {
    @Option(name: .customLong("id"), help: "One signal's id; may be repeated.")
    var ids: [String] = []

    @Option(help: "A name or a pattern: account.user_logged_in, 'account.*', 'socialaccount.#'.")
    var name: String?

    @Option(help: "A user's id.")
    var subject: String?

    @Option(help: "Emitted since: a time (2026-11-23T08:00:00Z), or 90s, 15m, 2h, 3d ago.")
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
            // A shell's `password_*` is a part of a word, which topic patterns do not have.
            guard let pattern = try? SignalPattern(validating: name) else {
                throw ValidationError("--name must be a signal's name or a pattern")
            }
            filter.name = pattern
        }
        filter.subject = subject
        filter.from = try since.map { try Self.time($0, "--since") }
        filter.to = try until.map { try Self.time($0, "--until") }
        return filter
    }

    /// Whether anything was asked for.
    var isEmpty: Bool { ids.isEmpty && name == nil && subject == nil && since == nil && until == nil }

    private static func time(_ text: String, _ option: String) throws -> Date {
        if let date = Date(wireText: text) { return date }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()), count >= 0
        else {
            throw ValidationError(
                "\(option) must be a time such as 2026-11-23T08:00:00Z, or 90s, 15m, 2h, 3d")
        }
        return Date() - count * unit
    }
}

extension OutboxRecord.State: ExpressibleByArgument {}
