// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals

/// A selection of signals: the common options of the commands for the outbox and for dead letters.
struct SignalSelection: ParsableArguments, Sendable {
    @Option(name: .customLong("id"), help: "A signal's id; may be repeated.")
    var ids: [String] = []

    @Option(
        help: "A name or a pattern: account.user_logged_in, 'account.password_*', 'socialaccount.#'.",
        transform: Self.pattern)
    var name: SignalNameFilter?

    @Option(help: "A user's id.", transform: \.asSubject)
    var subject: String?

    /// Whether no option is set.
    var isEmpty: Bool { ids.isEmpty && name == nil && subject == nil }

    /// The error text for a pattern that cannot match any signal's name and is most likely a typo.
    static func impossible(_ pattern: String) -> String {
        "'\(pattern)' cannot match any signal: names are two or more words of a-z, 0-9 and _, separated by dots; "
            + "* and # stand for words"
    }

    /// - Throws: `ValidationError` for a pattern that is malformed or cannot match any signal.
    static func pattern(_ text: String) throws -> SignalNameFilter {
        let filter: SignalNameFilter
        do { filter = try SignalNameFilter(validating: text) } catch { throw ValidationError(error.message) }
        guard filter.canMatchSignals else { throw ValidationError(impossible(text)) }
        return filter
    }
}
