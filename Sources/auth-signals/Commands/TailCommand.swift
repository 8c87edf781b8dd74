// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations
import AuthSignals
import Foundation

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print signals as they pass: lines on a terminal, JSON lines in a pipe.",
        discussion: """
            It has a queue of its own, which goes when it ends (Ctrl-C, or the pipe is closed). While it watches
            everything, no signal is unrouted. Settings: BROKER_URL, BROKER_EXCHANGE.
            """)

    @Argument(
        help: "Which signals: 'account.#', 'account.password_*'. All, where nothing is said.",
        transform: SignalSelection.pattern)
    var patterns: [SignalNameFilter] = []

    @Flag(help: "JSON lines on a terminal, too.")
    var json = false

    @Flag(help: "Show what is personal, too.")
    var full = false

    func run() async throws {
        let (filters, full) = (patterns.isEmpty ? ["#"] : patterns, full)
        let output = ResultOutput()
        let isTable = output.isTerminal && !json
        let interruption = await Interruption.listening()
        try await ProcessFailure.naming {
            try await SignalTail(filters.map(\.binding), OperatorBroker.configuration()).run(
                isEnded: { interruption.isRequested || output.isClosed },
                { message in
                    guard filters.contains(where: { $0.matches(message.routingKey) }) else { return true }
                    let line = TailLine(message, full: full)
                    return output.write(line: isTable ? line.text : line.json)
                })
        }
    }
}

/// What is shown of a signal that passes.
struct TailLine: Encodable {
    var time: String?
    var signal: String
    var id: String
    var subject: String?
    var sequence: Int64?
    var data: JSONValue?
    /// What is wrong with a message that is no event.
    var fault: String?

    init(_ message: SignalMessage, full: Bool) {
        signal = message.routingKey
        id = message.messageID
        subject = message.subject
        time = message.timestamp?.wireText
        do {
            let event = try SignalCodec.event(from: message.body)
            let data = try event.json()
            (time, sequence, subject) = (event.time.wireText, event.sequence, event.subject)
            self.data = full ? data : Redaction.redact(data)
        } catch {
            fault = "no event: \(error.message)"
        }
    }

    var json: String {
        (try? jsonText()) ?? "{}"
    }

    var text: String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(2, width - text.count))
        }
        let moment = time.map { String($0.dropFirst(11).dropLast()) } ?? "-"
        let rest = fault ?? data.flatMap { try? $0.jsonText() } ?? ""
        return pad(moment, 14) + pad(signal, 40) + pad(subject ?? "-", 38) + rest
    }
}
