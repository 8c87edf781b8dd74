// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Encodes header values: encoded words (RFC 2047) if a text is not plain ASCII, and folded lines.
enum HeaderText {
    /// Whether a character is allowed in a header value at all, encoded or not. Line ends, NUL and other control
    /// characters are not, nor are characters that a mail reader could interpret as a line end.
    static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }

    /// One header with its line end, folded if it is long.
    ///
    /// - Throws: ``MailError/Code/malformed`` if the value contains a control character, so that no value can inject
    ///   another header.
    static func line(_ name: String, _ value: String) throws(MailError) -> String {
        guard value.unicodeScalars.allSatisfy(mayStand) else {
            throw MailError(.malformed, "the value of \(name) contains a control character")
        }
        var lines: [String] = []
        var line = name + ":"
        for word in value.split(separator: " ", omittingEmptySubsequences: false) {
            // Some mail readers take a line of spaces only for the end of the headers instead of a folded line.
            let isFull = line.utf8.count + 1 + word.utf8.count > 78 && !word.isEmpty
            if isFull, line.contains(where: { $0 != " " }), !line.hasSuffix(":") {
                lines.append(line)
                line = " " + word
            } else {
                line += " " + word
            }
        }
        lines.append(line)
        guard lines.allSatisfy({ $0.utf8.count <= 998 }) else {
            throw MailError(.malformed, "the value of \(name) is too long for a line")
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    /// Free text, such as a subject.
    static func unstructured(_ text: String) -> String {
        isPlain(text) ? text : encodedWords(text)
    }

    /// A name before an address: an atom, a quoted string or encoded words.
    static func phrase(_ text: String) -> String {
        guard isPlain(text) else { return encodedWords(text) }
        let isAtom = text.unicodeScalars.allSatisfy {
            $0 == " " || $0.properties.isAlphabetic || ("0"..."9").contains($0)
        }
        if isAtom { return text }
        let escaped = text.replacingOccurrences(of: "\\", with: "\\\\")
            .replacingOccurrences(of: "\"", with: "\\\"")
        return "\"\(escaped)\""
    }

    /// Whether the text is printable ASCII that cannot be mistaken for an encoded word, in words that fit on a line.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !text.contains("=?")
            && text.split(separator: " ").allSatisfy { $0.utf8.count <= 200 }
    }

    /// Base64 words of at most 75 characters, each of whole characters (RFC 2047, sections 2 and 5).
    private static func encodedWords(_ text: String) -> String {
        let room = 45  // bytes that become 60 characters of base64; the delimiters take 12 more
        var words: [String] = []
        var chunk = ""
        for scalar in text.unicodeScalars {
            if chunk.utf8.count + UTF8.width(scalar) > room {
                words.append(chunk)
                chunk = ""
            }
            chunk.unicodeScalars.append(scalar)
        }
        if !chunk.isEmpty { words.append(chunk) }
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: " ")
    }
}
