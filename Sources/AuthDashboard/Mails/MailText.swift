// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A mail as `MAIL_URL=file:` wrote it, decoded for display. It reads what this package writes: encoded words in headers,
/// `multipart/alternative`, and the encodings 7bit, 8bit and quoted-printable.
struct MailText {
    private(set) var headers: [String: String] = [:]
    private(set) var text = ""
    private(set) var html: String?

    init(_ data: Data) {
        let (head, body) = Self.parts(of: String(decoding: data, as: UTF8.self))
        headers = head
        let type = head["content-type"] ?? "text/plain"
        guard type.lowercased().hasPrefix("multipart/"), let boundary = Self.boundary(of: type) else {
            text = Self.decoded(body, head)
            return
        }
        for piece in body.components(separatedBy: "--" + boundary).dropFirst() where !piece.hasPrefix("--") {
            // The piece begins with the rest of the boundary's line.
            let (head, body) = Self.parts(of: String(piece.drop { $0 == "\n" || $0 == "\r\n" }))
            let content = Self.decoded(body, head)
            if head["content-type"]?.lowercased().hasPrefix("text/html") == true {
                html = content
            } else if text.isEmpty {
                text = content
            }
        }
    }

    /// A header with its encoded words decoded (RFC 2047); empty if it is missing.
    func header(_ name: String) -> String { Self.words(headers[name] ?? "") }

    /// The links in the text, each once.
    var links: [String] {
        var links: [String] = []
        for match in text.matches(of: #/https?:\/\/[^\s<>"]+/#) {
            let link = String(match.output).trimmingCharacters(in: CharacterSet(charactersIn: ".,;)"))
            if !links.contains(link), links.count < 50 { links.append(link) }
        }
        return links
    }

    private static func parts(of text: String) -> ([String: String], String) {
        let text = text.replacing("\r\n", with: "\n")
        guard let gap = text.range(of: "\n\n") else { return (fields(text), "") }
        return (fields(String(text[..<gap.lowerBound])), String(text[gap.upperBound...]))
    }

    private static func fields(_ head: String) -> [String: String] {
        var fields: [String: String] = [:]
        // A line that begins with white space continues the one before.
        let unfolded = head.replacing(#/\n[ \t]+/#, with: " ")
        for line in unfolded.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            fields[line[..<colon].lowercased()] = value
        }
        return fields
    }

    private static func boundary(of type: String) -> String? {
        type.firstMatch(of: #/boundary="?([^";]+)"?/#).map { String($0.1) }
    }

    private static func decoded(_ body: String, _ head: [String: String]) -> String {
        guard head["content-transfer-encoding"]?.lowercased() == "quoted-printable" else { return body }
        return quotedPrintable(body.replacing("=\n", with: ""), underscoreIsSpace: false)
    }

    private static func words(_ text: String) -> String {
        // White space between two encoded words is not part of the text.
        let joined = text.replacing(#/\?=[ \t]+=\?/#, with: "?==?")
        return joined.replacing(#/=\?[Uu][Tt][Ff]-8\?([BbQq])\?([^?]*)\?=/#) { match in
            if match.1.lowercased() == "q" {
                return quotedPrintable(String(match.2), underscoreIsSpace: true)
            }
            return Data(base64Encoded: String(match.2)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }

    private static func quotedPrintable(_ text: String, underscoreIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "="), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else if underscoreIsSpace, byte == UInt8(ascii: "_") {
                bytes.append(UInt8(ascii: " "))
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
