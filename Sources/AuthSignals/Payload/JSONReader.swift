// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension JSONValue {
    /// Reads JSON in UTF-8 and keeps every member of its objects.
    ///
    /// JSONDecoder keeps only one of two members whose names are canonically equivalent, since they are equal keys of a
    /// dictionary. If two names have the same bytes, the first member is kept, as JSONDecoder does.
    ///
    /// - Throws: JSONDecoder's error for text that is not JSON, or is nested deeper than ``largestDepth``.
    package static func reading(_ data: Data) throws -> JSONValue {
        let value = try JSONDecoder().decode(JSONValue.self, from: data)
        // Only characters beyond ASCII, literal or escaped, have canonically equivalent forms.
        guard data.contains(where: { $0 >= 0x80 }) || data.range(of: Data("\\u".utf8)) != nil else {
            return value
        }
        return data.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes: bytes.bindMemory(to: UInt8.self))
            return reader.document()
        } ?? value
    }

    /// The value as JSON, including all members of its objects.
    package func written() throws -> Data {
        try SignalCodec.bytes(of: self)
    }
}

/// Reads JSON that JSONDecoder has accepted; nil for text that only JSONDecoder accepts, such as a trailing comma.
private struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func document() -> JSONValue? {
        guard let value = value() else { return nil }
        skipSpace()
        return at == bytes.count ? value : nil
    }

    private mutating func value() -> JSONValue? {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return nested { $0.object() }
        case UInt8(ascii: "["): return nested { $0.array() }
        case UInt8(ascii: "\""): return string().map(JSONValue.string)
        default: return scalar()
        }
    }

    private mutating func nested(_ read: (inout JSONReader) -> JSONValue?) -> JSONValue? {
        guard depth < JSONValue.largestDepth else { return nil }
        depth += 1
        at += 1
        defer { depth -= 1 }
        return read(&self)
    }

    private mutating func object() -> JSONValue? {
        var members: [JSONValue.Member] = []
        if take("}") { return .object([:]) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\""), let name = string(), take(":"), let value = value() else {
                return nil
            }
            members.append(JSONValue.Member(name: name, value: value))
        } while take(",")
        return take("}") ? JSONValue(members: members) : nil
    }

    private mutating func array() -> JSONValue? {
        var elements: [JSONValue] = []
        if take("]") { return .array([]) }
        repeat {
            guard let element = value() else { return nil }
            elements.append(element)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    /// A string; `at` is its opening quote.
    private mutating func string() -> String? {
        let start = at
        at += 1
        while let byte = peek, byte != UInt8(ascii: "\"") { at += byte == UInt8(ascii: "\\") ? 2 : 1 }
        guard peek != nil else { return nil }
        at += 1
        return StrictJSON.text(UnsafeBufferPointer(rebasing: bytes[start + 1..<at - 1]))
    }

    /// A number, `true`, `false` or `null`, as JSONDecoder reads it.
    private mutating func scalar() -> JSONValue? {
        let start = at
        while let byte = peek, !",]} \n\r\t".utf8.contains(byte) { at += 1 }
        let token = String(decoding: bytes[start..<at], as: UTF8.self)
        switch token {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: break
        }
        if token != "-0", let number = Int64(token) { return .integer(number) }
        if let number = Double(token), number != number.rounded() { return .number(number) }
        // JSONDecoder decides which other numbers are integers, for example 1.0.
        return try? JSONDecoder().decode(JSONValue.self, from: Data(token.utf8))
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    /// Consumes white space and then the character.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, " \n\r\t".utf8.contains(byte) { at += 1 }
    }
}
