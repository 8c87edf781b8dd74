// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reads the attributes of an event in one pass over its bytes (CloudEvents 1.0, section 3, and its JSON format).
///
/// A worker reads the envelope of every message, and a general decoder takes ten times as long. This reader is also the
/// only validation of an event: any other reader of the same bytes, such as a webhook's receiver, gets the same values,
/// since the bytes are strict JSON (``StrictJSON``) and follow the rules of CloudEvents.
///
/// Two rules are not enforced: control characters are allowed in an attribute, and bytes beyond ASCII in a URI, since
/// all parsers read them alike and many senders write them.
struct EventReader {
    /// How many arrays and objects may be open at once: the event itself, and the depth that ``JSONValue`` can read.
    static let maximumDepth = JSONValue.largestDepth + 1

    private let bytes: UnsafeBufferPointer<UInt8>

    // The byte ranges of the values; nil if absent or null.
    private var specversion: Range<Int>?
    private var id: Range<Int>?
    private var source: Range<Int>?
    private var type: Range<Int>?
    private var subject: Range<Int>?
    private var time: Range<Int>?
    private var sequence: Range<Int>?
    private var correlationID: Range<Int>?
    private var dataSchema: Range<Int>?
    private var dataContentType: Range<Int>?
    private var data: Range<Int>?

    /// - Throws: ``SignalError`` with code ``SignalError/Code/malformed``; the message names the attribute and quotes
    ///   no value.
    static func event(of body: Data) throws(SignalError) -> SignalEvent {
        try body.withUnsafeBytes { raw in
            Result<SignalEvent, SignalError> { () throws(SignalError) in
                var reader = EventReader(bytes: raw.bindMemory(to: UInt8.self))
                try reader.findAttributes()
                return try reader.event(of: body)
            }
        }.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private static func malformed(_ what: String) -> SignalError {
        SignalError(.malformed, "the body is not a CloudEvents 1.0 event in JSON: \(what)")
    }

    // MARK: Finding the attributes

    private mutating func findAttributes() throws(SignalError) {
        let members: [StrictJSON.Member]?
        do throws(StrictJSON.Fault) {
            members = try StrictJSON.members(of: bytes, maximumDepth: Self.maximumDepth)
        } catch {
            throw Self.malformed("\(error)")
        }
        guard let members else { throw Self.malformed("it is not an object") }
        for member in members {
            let name = part(member.name)
            if name.contains(UInt8(ascii: "\\")) {
                // Names with escapes are unusual, but valid.
                let text = Array(StrictJSON.text(name).utf8)
                try text.withUnsafeBufferPointer { name in
                    Result<Void, SignalError> { () throws(SignalError) in try take(name, member.value) }
                }.get()
            } else {
                try take(name, member.value)
            }
        }
    }

    private mutating func take(
        _ name: UnsafeBufferPointer<UInt8>, _ value: Range<Int>
    ) throws(SignalError) {
        // Null and absent are the same (JSON format, section 2.2).
        let value = bytes[value.lowerBound] == UInt8(ascii: "n") ? nil : value
        if matches(name, "data") {
            data = value
        } else if matches(name, "id") {
            id = value
        } else if matches(name, "type") {
            type = value
        } else if matches(name, "time") {
            time = value
        } else if matches(name, "source") {
            source = value
        } else if matches(name, "subject") {
            subject = value
        } else if matches(name, "sequence") {
            sequence = value
        } else if matches(name, "dataschema") {
            dataSchema = value
        } else if matches(name, "specversion") {
            specversion = value
        } else if matches(name, "correlationid") {
            correlationID = value
        } else if matches(name, "datacontenttype") {
            dataContentType = value
        } else {
            try checkExtension(name, value)
        }
    }

    /// Checks an extension attribute (section 3.1): its name has only lower-case letters and digits, its value is a
    /// string, a boolean or a 32-bit integer.
    private func checkExtension(
        _ name: UnsafeBufferPointer<UInt8>, _ value: Range<Int>?
    ) throws(SignalError) {
        let isName = name.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        }
        guard isName, !name.isEmpty else {
            throw Self.malformed("an attribute's name has characters other than a to z and 0 to 9")
        }
        guard let value else { return }
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "\""), UInt8(ascii: "t"), UInt8(ascii: "f"): return
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw Self.malformed("an attribute's value is an array or an object")
        default:
            guard Int32(String(decoding: part(value), as: UTF8.self)) != nil else {
                throw Self.malformed("an attribute's number is not a 32-bit integer")
            }
        }
    }

    // MARK: Reading the attributes

    private func event(of body: Data) throws(SignalError) -> SignalEvent {
        let version = try required(specversion, "specversion")
        if !isText(version, "\"1.0\"") {
            guard try text("specversion", version) == "1.0" else {
                throw Self.malformed("specversion is not 1.0")
            }
        }
        guard let id = uuid(try required(id, "id")) else { throw Self.malformed("id is not a UUID") }
        let source = try text("source", required(source, "source"))
        guard Self.isURIReference(source) else { throw Self.malformed("source is not a URI") }
        guard let name = try? SignalName(validating: text("type", required(type, "type"))) else {
            throw Self.malformed("type is not a signal's name")
        }
        guard let time = Date(wireText: try text("time", required(time, "time"))) else {
            throw Self.malformed("time is not an RFC 3339 time")
        }
        let subject = try optionalText("subject", subject)
        if subject?.isEmpty == true { throw Self.malformed("subject is empty") }
        let dataSchema = try optionalText("dataschema", dataSchema)
        if let dataSchema, !Self.isURI(dataSchema) { throw Self.malformed("dataschema is not a URI") }
        if let dataContentType, !isText(dataContentType, "\"application/json\""),
            !Self.isMediaType(try text("datacontenttype", dataContentType))
        {
            throw Self.malformed("datacontenttype is not a media type")
        }
        guard let data else { throw Self.malformed("data is missing or null") }
        guard bytes[data.lowerBound] == UInt8(ascii: "{") else {
            throw Self.malformed("data is not an object")
        }
        var event = SignalEvent(
            id: id, source: source, name: name, subject: subject, time: time, sequence: try number(sequence),
            correlationID: try optionalText("correlationid", correlationID), dataSchema: dataSchema,
            body: body)
        event.dataPlace = data
        return event
    }

    private func required(_ value: Range<Int>?, _ name: String) throws(SignalError) -> Range<Int> {
        guard let value else { throw Self.malformed("\(name) is missing or null") }
        return value
    }

    private func text(_ name: String, _ value: Range<Int>) throws(SignalError) -> String {
        guard bytes[value.lowerBound] == UInt8(ascii: "\"") else {
            throw Self.malformed("\(name) is not a string")
        }
        return StrictJSON.text(part(value.lowerBound + 1..<value.upperBound - 1))
    }

    private func optionalText(_ name: String, _ value: Range<Int>?) throws(SignalError) -> String? {
        guard let value else { return nil }
        return try text(name, value)
    }

    private func uuid(_ value: Range<Int>) -> UUID? {
        guard value.count == 38 else { return (try? text("id", value)).flatMap(UUID.init(uuidString:)) }
        return UUID(wireBytes: part(value.lowerBound + 1..<value.upperBound - 1))
    }

    /// The sequence number in commit order: decimal digits in a string.
    private func number(_ value: Range<Int>?) throws(SignalError) -> Int64? {
        guard let value else { return nil }
        if let number = Self.usualNumber(part(value)) { return number }
        let text = try text("sequence", value)
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int64(text)
        else { throw Self.malformed("sequence is not a 63-bit number in decimal digits") }
        return number
    }

    /// The fast path for the format that we write ourselves, 20 digits in quotes; nil for any other format.
    private static func usualNumber(_ quoted: UnsafeBufferPointer<UInt8>) -> Int64? {
        // Above 10¹⁸ a number may exceed 63 bits.
        guard quoted.count == 22, quoted[0] == UInt8(ascii: "\""), quoted[1] == UInt8(ascii: "0"),
            quoted[2] == UInt8(ascii: "0")
        else { return nil }
        var value: Int64 = 0
        for index in 1...20 {
            let digit = quoted[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }

    /// Whether the value is written exactly like that, quotes included.
    private func isText(_ value: Range<Int>, _ written: StaticString) -> Bool {
        matches(part(value), written)
    }

    private func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[range])
    }

    private func matches(_ name: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
        name.count == word.utf8CodeUnitCount
            && memcmp(name.baseAddress ?? word.utf8Start, word.utf8Start, name.count) == 0
    }

    // MARK: Formats

    /// Whether the text could be a URI or a relative reference (RFC 3986, section 4.1); bytes beyond ASCII are allowed,
    /// as in an IRI (RFC 3987).
    static func isURIReference(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var digitsToCome = 0
            for byte in bytes {
                if digitsToCome > 0 {
                    guard Hexadecimal.value(of: byte) != nil else { return false }
                    digitsToCome -= 1
                } else if byte == UInt8(ascii: "%") {
                    digitsToCome = 2
                } else if byte < 0x80 {
                    let forbidden = byte < 64 ? forbiddenBelow64 : forbiddenFrom64
                    if forbidden >> UInt64(byte & 63) & 1 != 0 { return false }
                }
            }
            return digitsToCome == 0 && !bytes.isEmpty
        }
    }

    /// A bit for each ASCII character below 64 that no URI contains: 0 to 0x20 and `"<>`.
    private static let forbiddenBelow64: UInt64 = 0x5000_0005_FFFF_FFFF
    /// A bit for each ASCII character from 64 that no URI contains: backslash, `^`, backtick, `{|}` and 0x7F.
    private static let forbiddenFrom64: UInt64 = 0xB800_0001_5000_0000

    /// Whether the text could be a URI with its scheme (RFC 3986, section 3).
    static func isURI(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), isURIReference(text) else {
            return false
        }
        let scheme = text.utf8[..<colon]
        guard let first = scheme.first, isLetter(first) else { return false }
        return scheme.allSatisfy { byte in
            isLetter(byte) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    /// Whether the text starts like a media type (RFC 2046): `type/subtype`.
    private static func isMediaType(_ text: String) -> Bool {
        let type = text.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        let parts = type.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { 0x21...0x7E ~= $0 } }
    }
}
