// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Texts as a header may hold them: encoded words (RFC 2047) where a text is not plain ASCII, folded lines.
enum HeaderText {
    /// Whether a character may stand in a header's value at all, encoded or not. Line ends, NUL and other
    /// controls may not, and neither may what a mail reader could take for a line end.
    static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }

    /// One header with its line end, folded where it is long.
    ///
    /// - Throws: ``MailError/Code/malformed`` where the value holds a control character, so that no value can
    ///   begin a header of its own.
    static func line(_ name: String, _ value: String) throws(MailError) -> String {
        guard value.unicodeScalars.allSatisfy(mayStand) else {
            throw MailError(.malformed, "the value of \(name) holds a control character")
        }
        var lines: [String] = []
        var line = name + ":"
        for word in value.split(separator: " ", omittingEmptySubsequences: false) {
            // A line of nothing but spaces would be no folded line but the end of the headers for some
            // readers.
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

    /// Printable ASCII that nobody can take for an encoded word, in words that fit on a line.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !text.contains("=?")
            && text.split(separator: " ").allSatisfy { $0.utf8.count <= 200 }
    }

    /// Base64 words of at most 75 characters, each of whole characters (RFC 2047, sections 2 and 5).
    private static func encodedWords(_ text: String) -> String {
        let room = 45  // bytes that make 60 characters of base64, beside the 12 around them
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
