// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import Foundation

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print signals as they are published: a table on a terminal, JSON lines in a pipe.",
        discussion: """
            It uses a temporary queue, which is deleted when the command ends (Ctrl-C, or the pipe is closed).
            While it receives all signals, no signal is unrouted. Settings: BROKER_URL, BROKER_EXCHANGE.
            """)

    @Argument(
        help: "Patterns of signals: 'account.#', 'account.password_*'. By default all signals.",
        transform: SignalSelection.pattern)
    var patterns: [SignalNameFilter] = []

    @Flag(help: "Print JSON lines on a terminal, too.")
    var json = false

    @Flag(help: "Include personal data.")
    var full = false

    func run() async throws {
        let (filters, full) = (patterns.isEmpty ? ["#"] : patterns, full)
        let output = ResultOutput()
        let isTable = output.isTerminal && !json
        let interruption = await Interruption.listening()
        try await ProcessFailure.convertingBrokerErrors {
            try await SignalTail(filters.map(\.binding), OperatorBroker.broker()).run(
                isEnded: { interruption.isRequested || output.isClosed },
                { message in
                    guard filters.contains(where: { $0.matches(message.routingKey) }) else { return true }
                    let line = TailLine(message, full: full)
                    return output.write(line: isTable ? line.text : line.json)
                })
        }
    }
}

/// The output for a received signal.
struct TailLine: Encodable {
    var time: String?
    var signal: String
    var id: String
    var subject: String?
    var sequence: Int64?
    var data: JSONValue?
    /// The error of a message that is not a valid event.
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
            self.data = full ? data : Redaction.catalog.redact(data)
        } catch {
            fault = "not an event: \(error.message)"
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
