// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthSignals
import Foundation
import Synchronization

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The dead letters, oldest first; nothing is changed.")

    @Argument(help: "The consumer's queue.")
    var queue: String

    @OptionGroup var selection: DeadSelection

    @Option(help: "How many at most; 0: all.")
    var limit = 100

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0, for all, or more") }
    }

    func run() async throws {
        let (selection, limit, json) = (selection, limit, json)
        let shown = Mutex(0)
        let handlers = SeenHandlers()
        try await DeadCommand.visit(queue, telling: nil) { letter in
            handlers.see(letter)
            guard selection.means(letter) else { return .leave }
            let line = DeadLine(letter)
            print(json ? line.json : line.text)
            let count = shown.withLock { shown in
                shown += 1
                return shown
            }
            return count == limit ? .stop : .leave
        }
        handlers.warn(of: selection.handler)
    }
}

/// What is told of a dead letter: never its data.
struct DeadLine: Encodable {
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

    /// - Parameter full: with the error's text, where the worker wrote one.
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

    /// The error without what may quote a payload: its type; its text, too, if it is in brackets, or if no handler was
    /// asked, for then it is the worker's own.
    private static func shownError(_ letter: DeadLetter) -> String? {
        guard let error = letter.error else { return nil }
        if letter.handler == nil {
            // Older workers wrote the reason a second time.
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
            [reason, error].compactMap(\.self).joined(separator: ": "),
        ]
        return what.compactMap(\.self).map(\.printable).joined(separator: "  ")
    }
}

extension String {
    /// Without what a terminal would take for a command: whoever may write to a queue may write anything.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
