// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import AuthSignals
import Foundation
import Logging
import Synchronization
import Testing

@Suite("Text for terminals and text logs")
struct TerminalTextTests {
    /// C0 and DEL, C1, bidi controls, line and paragraph separators.
    private static let controls: [Unicode.Scalar] =
        (Array(0x00...0x1F) + Array(0x7F...0x9F) + [0x061C, 0x200E, 0x200F] + Array(0x202A...0x202E)
        + Array(0x2066...0x2069) + [0x2028, 0x2029]).compactMap { Unicode.Scalar(UInt32($0)) }

    @Test func `escapes every control character of a terminal and nothing else`() {
        for value in UInt32(0)...0x1_0000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a\(Character(scalar))b"
            if Self.controls.contains(scalar) {
                let digits = String(value, radix: 16, uppercase: true)
                #expect(
                    text.terminalSafe == "a\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                        + "b")
            } else {
                #expect(Array(text.terminalSafe.utf8) == Array(text.utf8))
            }
        }
        #expect("".terminalSafe == "")
        #expect("Zoë 🧑‍🚀 مرحبا".terminalSafe == "Zoë 🧑‍🚀 مرحبا")
    }

    @Test func `escapes a line break that is part of another character`() {
        #expect("a\r\nb".terminalSafe == #"a\u000D\u000Ab"#)
        #expect("a\r\nb".terminalSafe(keepingLineBreaks: true) == "a\\u000D\nb")
    }

    @Test func `escaped JSON decodes to the same value`() throws {
        let text = String(Self.controls.map { Character($0) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .prettyPrinted
        let json = String(decoding: try encoder.encode([text: text]), as: UTF8.self)
        let safe = json.terminalSafe(keepingLineBreaks: true)
        #expect(safe.unicodeScalars.allSatisfy { !Self.controls.contains($0) || $0 == "\n" })
        #expect(try JSONDecoder().decode([String: String].self, from: Data(safe.utf8)) == [text: text])
    }

    @Test(arguments: ProcessSettings.LogFormat.allCases)
    func `a log entry is one line, whatever its message and metadata contain`(
        format: ProcessSettings.LogFormat
    ) {
        let written = Mutex<[String]>([])
        let write: @Sendable (String) -> Void = { line in written.withLock { $0.append(line) } }
        let handler: any LogHandler =
            switch format {
            case .text: TextLogHandler.make(label: "test", write: write)
            case .json: JSONLogHandler(label: "test", write: write)
            }
        let logger = Logger(label: "test", factory: { _ in handler })
        let hostile = "x\u{1B}[2J\r\n2026 forged\u{85}\u{202E}\u{2028}"
        logger.notice("\(hostile)", metadata: ["subject": "\(hostile)", "last": "\r"])
        let lines = written.withLock { $0 }
        #expect(lines.count == 1)
        #expect(lines[0].unicodeScalars.filter(Self.controls.contains) == ["\n"])
        #expect(lines[0].unicodeScalars.last == "\n")
        #expect(lines[0].contains(#"2026 forged\u0085\u202E\u2028"#))
    }

    @Test func `a JSON log entry has the date and time in UTC`() throws {
        let written = Mutex<[String]>([])
        let logger = Logger(label: "test") { label in
            JSONLogHandler(label: label) { line in written.withLock { $0.append(line) } }
        }
        let before = Date()
        logger.notice("started")
        let line = Data(written.withLock { $0[0] }.utf8)
        let entry = try JSONDecoder().decode([String: String].self, from: line)
        let time = try #require(entry["time"].flatMap { Date(wireText: $0) })
        #expect(time.timeIntervalSince(before) > -1 && time.timeIntervalSince(before) < 3600)
    }
}
