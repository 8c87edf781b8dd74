// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
public import AuthConsumer
import AuthServiceKit
public import AuthSignals
import Foundation
import Synchronization

/// A handler that prints each signal as one line on standard output.
///
/// ```swift
/// let lines = SignalLog(format: .json)
/// handlers.on(matching: "#", as: "log") { event, context in try lines.write(event, context) }
/// ```
public final class SignalLog: Sendable {
    /// The output format.
    public enum Format: String, CaseIterable, Sendable, ExpressibleByArgument {
        /// Columns with a header, for people.
        case table
        /// One JSON object per line.
        case json
    }

    private let format: Format
    private let full: Bool
    private let tokens: TokenOpener
    private let write: @Sendable (String) throws -> Void
    private let isHeaderWritten = Mutex(false)

    /// - Parameters:
    ///   - format: the form of a line.
    ///   - full: whether to print addresses, names and profiles, which are redacted otherwise.
    ///   - tokens: used to print, in place of a provider's sealed token, whether it can be opened here.
    ///   - write: receives each line with its line break; writes to standard output by default.
    public init(
        format: Format, full: Bool = false, tokens: TokenOpener = TokenOpener(nil),
        write: (@Sendable (String) -> Void)? = nil
    ) {
        self.format = format
        self.full = full
        self.tokens = tokens
        // A full disk is an error of this message, not the end of the process.
        self.write = write ?? { try FileHandle.standardOutput.write(contentsOf: Data($0.utf8)) }
    }

    /// Prints a signal.
    ///
    /// - Throws: `SignalError` if the data of the event cannot be read; the error of writing to standard output.
    public func write(_ event: SignalEvent, _ context: SignalContext) throws {
        let data = try event.json()
        let shown = full ? hidingToken(of: event, in: data) : Redaction.catalog.redact(data)
        let milliseconds = Int(saturating: Date().timeIntervalSince(event.time) * 1000)
        switch format {
        case .json:
            let line = LogLine(
                time: event.time.wireText, signal: event.name.rawValue, id: event.id.wireText,
                subject: event.subject, sequence: event.sequence, attempt: context.attempt,
                latencyMs: milliseconds, data: shown)
            try write(
                String(decoding: try SignalCodec.encoder().encode(line), as: UTF8.self).terminalSafe + "\n")
        case .table:
            let header = isHeaderWritten.withLock { written in
                defer { written = true }
                return written ? "" : Self.row("time", "signal", "who", "ms", "attempt")
            }
            let address = full ? shown["user"]?["email"]?.string : nil
            let who = address ?? event.subject ?? "-"
            try write(
                header
                    + Self.row(
                        String(event.time.wireText.dropFirst(11).dropLast()), event.name.rawValue, who,
                        "\(milliseconds)", "\(context.attempt)"))
        }
    }

    /// Replaces the sealed token, which is never printed, with a note whether it can be opened with the keys here.
    private func hidingToken(of event: SignalEvent, in data: JSONValue) -> JSONValue {
        guard case .object(var members) = data, case .object(var sociallogin)? = members["sociallogin"],
            let token = sociallogin["token"], token != .null
        else { return data }
        do throws(TokenOpeningError) {
            _ = try tokens.open(token.string ?? "", event: event.id)
            sociallogin["token"] = "… opens"
        } catch {
            sociallogin["token"] = .string("… \(error.message)")
        }
        members["sociallogin"] = .object(sociallogin)
        return .object(members)
    }

    private static func row(_ time: String, _ signal: String, _ who: String, _ ms: String, _ attempt: String)
        -> String
    {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let row = [pad(time, 14), pad(signal, 40), pad(who.terminalSafe, 38), pad(ms, 8), attempt].joined()
        return row.terminalSafe + "\n"
    }

    private struct LogLine: Encodable {
        var time: String
        var signal: String
        var id: String
        var subject: String?
        var sequence: Int64?
        var attempt: Int
        var latencyMs: Int
        var data: JSONValue

        private enum CodingKeys: String, CodingKey {
            case time, signal, id, subject, sequence, attempt, latencyMs = "latency_ms", data
        }
    }
}
