// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import Foundation

struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print a dead letter with its data, personal data redacted, without changing anything.",
        discussion: "If several handlers failed for the signal, all its dead letters are printed.")

    @Argument(help: "The consumer's queue.")
    var queue: String

    @Argument(help: "The signal's id.")
    var id: String

    @Flag(help: "Include personal data.")
    var full = false

    func run() async throws {
        let (id, full) = (id.lowercased(), full)
        let found = OldestDeadLetters<String>(limit: 0)
        try await DeadCommand.visit(queue, progressVerb: nil) { letter in
            if letter.id.lowercased() == id { found.insert(letter) { Self.shown($0, full) } }
            return .leave
        }
        let texts = found.items
        if texts.isEmpty { throw ProcessFailure(.failed, "no dead letter has that id") }
        for text in texts { printLine(text, keepingLineBreaks: true) }
    }

    private static func shown(_ letter: DeadLetter, _ full: Bool) -> String {
        let head = (try? DeadLetterLine(letter, full: full).jsonText(pretty: true)) ?? ""
        return head + "\n" + body(letter, full)
    }

    private static func body(_ letter: DeadLetter, _ full: Bool) -> String {
        guard letter.isWhole else { return "the body is too large to print" }
        guard let body = try? SignalCodec.decoder().decode(JSONValue.self, from: letter.message.body) else {
            // Only JSON can be redacted.
            return full
                ? String(decoding: letter.message.body, as: UTF8.self).terminalSafe
                : "the body is not JSON; use --full to print it"
        }
        return (try? (full ? body : Redaction.catalog.redact(body)).jsonText(pretty: true)) ?? ""
    }
}
