// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthSignals
import Foundation

/// Which dead letters are meant.
struct DeadSelection: ParsableArguments {
    @Option(name: .customLong("id"), help: "One signal's id; may be repeated.")
    var ids: [String] = []

    @Option(help: "A name or a pattern: account.user_logged_in, 'account.password_*', 'socialaccount.#'.")
    var name: String?

    @Option(help: "A user's id.")
    var subject: String?

    @Option(help: "The handler that failed.")
    var handler: String?

    @Option(help: "Set aside since: \(PointInTime.form).")
    var since: String?

    @Option(help: "Set aside before: as --since.")
    var before: String?

    /// Whether nothing was asked for.
    var isEmpty: Bool {
        ids.isEmpty && name == nil && subject == nil && handler == nil && since == nil && before == nil
    }

    /// - Throws: `ValidationError` that says what is malformed.
    func filter() throws -> DeadFilter {
        var filter = DeadFilter()
        if !ids.isEmpty { filter.ids = Set(ids.map { $0.lowercased() }) }
        if let name {
            guard let meant = try? SignalNameFilter(validating: name) else {
                throw ValidationError("--name must be a signal's name or a pattern")
            }
            filter.name = meant
        }
        filter.subject = subject
        filter.handler = handler
        filter.since = try since.map { try PointInTime.parse($0, "--since") }
        filter.before = try before.map { try PointInTime.parse($0, "--before") }
        return filter
    }
}

/// Which dead letters are meant; what is not set is not asked.
struct DeadFilter: Sendable {
    var ids: Set<String>?
    var name: SignalNameFilter?
    var subject: String?
    var handler: String?
    var since: Date?
    var before: Date?

    func means(_ letter: DeadLetter) -> Bool {
        if let ids, !ids.contains(letter.id.lowercased()) { return false }
        if let name, !name.matches(letter.name) { return false }
        if let subject, letter.message.subject != subject { return false }
        if let handler, letter.handler != handler { return false }
        if since != nil || before != nil {
            // What has no age is in no span of time.
            guard let age = letter.age else { return false }
            if let since, age < since { return false }
            if let before, age >= before { return false }
        }
        return true
    }
}
