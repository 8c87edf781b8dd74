// SPDX-License-Identifier: Apache-2.0

/// The name of a signal: its type on the wire and its exact AMQP routing key.
///
/// Dotted lower-case words, at least two, at most 127 bytes: `account.user_logged_in`, `billing.invoice_paid`.
public struct SignalName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name as the routing key.
    public let rawValue: String

    /// - Throws: ``SignalError`` with code ``SignalError/Code/invalidName`` if `rawValue` does not match
    ///   `[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+` or is longer than 127 bytes.
    public init(validating rawValue: String) throws(SignalError) {
        guard Self.isValid(rawValue) else {
            throw SignalError(
                .invalidName,
                "“\(rawValue.cut(toUTF8Bytes: 140))” is not a signal name: use two or more dotted words of a-z, 0-9 and _, each starting with a letter, at most 127 bytes"
            )
        }
        self.rawValue = rawValue
    }

    /// The words between the dots.
    public var words: [Substring] { rawValue.split(separator: ".") }

    /// The first words reserved by this project; an application's own signals use other ones.
    public static let reservedFamilies: Set<String> = ["account", "socialaccount", "mfa", "usersessions"]

    /// Whether the name's first word is one of ``reservedFamilies``.
    public var isReserved: Bool { Self.reservedFamilies.contains(String(words[0])) }

    /// Whether the bytes are a valid word of a name.
    static func isWord(_ word: some Collection<UInt8>) -> Bool {
        guard let first = word.first, isLetter(first) else { return false }
        return word.allSatisfy(isWordByte)
    }

    static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    /// Whether a byte is allowed in a word; the first byte must also be a letter.
    static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// The maximum length of a name in bytes.
    static let longest = 127

    public var description: String { rawValue }

    public static func < (left: SignalName, right: SignalName) -> Bool { left.rawValue < right.rawValue }

    private static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= longest else { return false }
        var words = 1
        var isFirst = true
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), !isFirst {
                words += 1
                isFirst = true
            } else if isFirst ? isLetter(byte) : isWordByte(byte) {
                isFirst = false
            } else {
                return false
            }
        }
        return words >= 2 && !isFirst
    }
}

extension SignalName: ExpressibleByStringLiteral {
    /// A literal name; a malformed literal ends the program.
    public init(stringLiteral value: String) {
        precondition(Self.isValid(value), "“\(value)” is not a signal name")
        rawValue = value
    }
}

extension SignalName: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(validating: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
