// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals

/// Which signals are meant, wherever they are: the options that the commands about the outbox and about dead
/// letters share.
struct SignalSelection: ParsableArguments, Sendable {
    @Option(name: .customLong("id"), help: "One signal's id; may be repeated.")
    var ids: [String] = []

    @Option(
        help: "A name or a pattern: account.user_logged_in, 'account.password_*', 'socialaccount.#'.",
        transform: Self.pattern)
    var name: SignalNameFilter?

    @Option(help: "A user's id.", transform: \.asSubject)
    var subject: String?

    /// Whether nothing was asked for.
    var isEmpty: Bool { ids.isEmpty && name == nil && subject == nil }

    /// What is reported of a pattern that no signal's name can match: most likely a slip.
    static func impossible(_ pattern: String) -> String {
        "'\(pattern)' can match no signal: names are two or more words of a-z, 0-9 and _, with dots between; * and # "
            + "stand for words"
    }

    /// - Throws: `ValidationError` for a pattern that is malformed, or that can match no signal.
    static func pattern(_ text: String) throws -> SignalNameFilter {
        let filter: SignalNameFilter
        do { filter = try SignalNameFilter(validating: text) } catch { throw ValidationError(error.message) }
        guard filter.canMatchSignals else { throw ValidationError(impossible(text)) }
        return filter
    }
}
