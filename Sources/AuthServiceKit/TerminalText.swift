// SPDX-License-Identifier: Apache-2.0
import Foundation

// Every table, text line and text log entry is escaped here. Any client that may publish to a queue chooses message
// ids, subjects and bodies. If they were printed unescaped, a line break could forge a row, an escape sequence could
// control the terminal, and a bidi control could reorder the text on the screen.

extension String {
    /// The text with every control character and line break as a JSON escape (`\u001B`): C0 and DEL, C1, bidi controls,
    /// line and paragraph separators. The value of a JSON text does not change.
    package var terminalSafe: String { terminalSafe(keepingLineBreaks: false) }

    /// Like ``terminalSafe``, for a text that has several lines on purpose, such as indented JSON.
    ///
    /// - Parameter keepingLineBreaks: whether U+000A stays as it is.
    package func terminalSafe(keepingLineBreaks: Bool) -> String {
        guard utf8.contains(where: Self.mayBeginControl) else { return self }
        var safe = ""
        for scalar in unicodeScalars {
            if Self.isControl(scalar), !(keepingLineBreaks && scalar == "\n") {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                safe += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            } else {
                safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: true
        // ALM, LRM and RLM; embeddings and overrides; isolates.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        // LINE SEPARATOR, PARAGRAPH SEPARATOR.
        case 0x2028, 0x2029: true
        default: false
        }
    }

    /// Whether a byte of UTF-8 is, or begins, one of these characters. A fast check, since most texts contain none.
    private static func mayBeginControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xD8 || byte == 0xE2
    }
}

/// Prints a line on standard output, with control characters escaped.
///
/// - Parameter keepingLineBreaks: for a text that has several lines on purpose.
package func printLine(_ line: String, keepingLineBreaks: Bool = false) {
    print(line.terminalSafe(keepingLineBreaks: keepingLineBreaks))
}

/// Writes a remark about a command's output to standard error, which a pipe does not receive.
package func printNote(_ line: String) {
    FileHandle.standardError.write(Data("\(line.terminalSafe)\n".utf8))
}

/// Notes that a list ends at its `--limit`, so that it is not mistaken for the whole list.
package func noteCut(at limit: Int) {
    printNote("the list ends after \(limit); there are more: see --limit")
}
