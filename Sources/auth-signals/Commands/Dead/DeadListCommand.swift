// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import Foundation

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, oldest first, without changing anything.",
        discussion: """
            All dead letters are inspected to find the oldest ones; they are sorted by the time in the first
            column. The order in the queue is not used, since RabbitMQ changes it after an interrupted
            inspection.
            """)

    @Argument(help: "The consumer's queue.")
    var queue: String

    @OptionGroup var selection: DeadLetterSelection

    @Option(help: "The maximum number of dead letters; 0 for all.")
    var limit = 100

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0, for all, or more") }
    }

    func run() async throws {
        let (selection, json) = (selection, json)
        let oldest = OldestDeadLetters<String>(limit: limit)
        let handlers = DeadLetterHandlers()
        try await DeadCommand.visit(queue, progressVerb: nil) { letter in
            handlers.insert(letter)
            if selection.matches(letter) {
                oldest.insert(letter) { letter in
                    let line = DeadLetterLine(letter)
                    return json ? line.json : line.text
                }
            }
            return .leave
        }
        for line in oldest.items { printLine(line) }
        if limit > 0, oldest.count > limit { noteCut(at: limit) }
        handlers.warnIfUnknown(selection.handler)
    }
}

/// The output for a dead letter, without its data.
struct DeadLetterLine: Encodable {
    var id: String
    var name: String
    var subject: String?
    var time: String?
    var failedAt: String?
    var handler: String?
    var attempts: Int?
    var reason: String?
    var error: String?
    var bytes: Int

    /// - Parameter full: whether to include the error's text, if the worker recorded one.
    init(_ letter: DeadLetter, full: Bool = false) {
        id = letter.id
        name = letter.name
        subject = letter.message.subject
        time = letter.message.timestamp?.wireText
        failedAt = letter.failedAt?.wireText
        handler = letter.handler
        attempts = letter.attempts
        reason = letter.isNeverHandled ? letter.reason.map { "\($0), never handled" } : letter.reason
        error = full ? letter.error : Self.shownError(letter)
        bytes = letter.bodySize
    }

    /// The error without text that may quote a payload: its type, and its text only if it is in parentheses, or if no
    /// handler is named, since the text is the worker's own then.
    private static func shownError(_ letter: DeadLetter) -> String? {
        guard let error = letter.error else { return nil }
        if letter.handler == nil {
            // Older workers repeated the reason before the error.
            return letter.reason.flatMap { reason in
                error.hasPrefix(reason + ": ") ? String(error.dropFirst(reason.count + 2)) : nil
            } ?? error
        }
        let type = error.prefix { $0 != ":" && $0 != "(" }
        return error[type.endIndex...].first == "(" ? error : String(type)
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, subject, time, failedAt = "failed_at", handler, attempts, reason, error, bytes
    }

    var json: String {
        (try? jsonText()) ?? "{}"
    }

    var text: String {
        let what: [String?] = [
            failedAt ?? time ?? "-", id, name, handler ?? "-", attempts.map { "attempts \($0)" },
            // A worker without an error type writes the reason as the error, too.
            [reason, error == reason ? nil : error].compactMap(\.self).joined(separator: ": "),
        ]
        return what.compactMap(\.self).joined(separator: "  ")
    }
}
