// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A body part of a mail: text with a transfer encoding that passes every server unchanged.
struct MailBody {
    /// The header lines of the part, each ended by CRLF.
    let headers: String
    /// The encoded text, ended by CRLF.
    let content: String

    /// - Parameter type: `text/plain` or `text/html`.
    ///
    /// Lines of at most 998 bytes without control characters are sent unchanged, as `7bit`, or as `8bit` (RFC 6152)
    /// if a
    /// character is outside ASCII, so that no encoding breaks the line of a link. Django does the same. Anything else
    /// is sent as quoted-printable (RFC 2045, section 6.7).
    init(_ text: String, type: String) {
        let lines = Self.lines(of: text)
        let isShort = lines.allSatisfy { line in
            line.utf8.count <= 998 && line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
        }
        let isASCII = lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
        let encoded = isShort ? lines : lines.map(Self.quotedPrintable)
        headers =
            "Content-Type: \(type); charset=utf-8\r\n"
            + "Content-Transfer-Encoding: \(!isShort ? "quoted-printable" : isASCII ? "7bit" : "8bit")\r\n"
        content = encoded.map { $0 + "\r\n" }.joined()
    }

    /// The lines of a text with any kind of line end, without empty lines at the end.
    private static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var wasReturn = false
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\r" {
                if !(scalar == "\n" && wasReturn) {
                    lines.append(String(line))
                    line = .init()
                }
            } else {
                line.append(scalar)
            }
            wasReturn = scalar == "\r"
        }
        lines.append(String(line))
        while let last = lines.last, last.isEmpty { lines.removeLast() }
        return lines
    }

    /// One line with soft line breaks, so that no line has more than 76 characters.
    private static func quotedPrintable(_ line: String) -> String {
        var result = ""
        var width = 0
        let bytes = Array(line.utf8)
        for (index, byte) in bytes.enumerated() {
            let isSpace = byte == 0x20 || byte == 0x09
            let isLast = index == bytes.count - 1
            let stands = isSpace ? !isLast : (0x21...0x7e).contains(byte) && byte != 0x3d
            let piece =
                stands ? String(UnicodeScalar(byte)) : "=" + Hexadecimal.text(of: [byte], upperCase: true)
            if width + piece.utf8.count > 75 {
                result += "=\r\n"
                width = 0
            }
            result += piece
            width += piece.utf8.count
        }
        return result
    }
}
