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

    static func pattern(_ text: String) throws -> SignalNameFilter {
        do { return try SignalNameFilter(validating: text) } catch { throw ValidationError(error.message) }
    }
}
