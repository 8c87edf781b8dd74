// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reads an event's attributes in one pass over the bytes, where they are written as everybody writes them.
///
/// A worker reads the envelope of every message, and a general decoder takes ten times as long for it. This one
/// refuses nothing: what is not strict JSON of the usual form (an escape in an attribute, an attribute twice,
/// one that is null) it leaves to the general decoder, whose verdict and words count.
struct EnvelopeScanner {
    /// Deeper values are left to the general decoder.
    private static let largestDepth = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    /// All bytes or-ed: whether there is any beyond ASCII.
    private var seen: UInt8 = 0

    private var specversion: Range<Int>?
    private var id: Range<Int>?
    private var source: Range<Int>?
    private var type: Range<Int>?
    private var subject: Range<Int>?
    private var time: Range<Int>?
    private var sequence: Range<Int>?
    private var correlationID: Range<Int>?
    private var dataSchema: Range<Int>?
    private var data: Range<Int>?

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The event of a body; nil where the general decoder is to read it.
    static func event(of body: Data) -> SignalEvent? {
        body.withUnsafeBytes { raw in
            var scanner = EnvelopeScanner(raw.bindMemory(to: UInt8.self))
            return scanner.read() ? scanner.event(of: body) : nil
        }
    }

    // MARK: The attributes

    private func event(of body: Data) -> SignalEvent? {
        guard let specversion, matches(specversion, "1.0"), let id, let source, !source.isEmpty, let type,
            let time,
            let data, let uuid = UUID(wireBytes: part(id)),
            let name = try? SignalName(validating: text(type)), let date = Date(wireText: text(time))
        else { return nil }
        var number: Int64?
        if let sequence {
            guard let value = integer(sequence) else { return nil }
            number = value
        }
        var event = SignalEvent(
            id: uuid, source: text(source), name: name, subject: subject.map(text), time: date,
            sequence: number, correlationID: correlationID.map(text), dataSchema: dataSchema.map(text),
            body: body)
        event.dataPlace = data
        return event
    }

    private func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[range])
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: part(range), as: UTF8.self) }

    private func matches(_ range: Range<Int>, _ word: StaticString) -> Bool {
        range.count == word.utf8CodeUnitCount
            && memcmp(part(range).baseAddress ?? word.utf8Start, word.utf8Start, range.count) == 0
    }

    private func integer(_ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for byte in part(range) {
            guard isDigit(byte) else { return nil }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeNow) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            if isTooLarge || isTooLargeNow { return nil }
            value = sum
        }
        return range.isEmpty ? nil : value
    }

    /// Finds where the attributes lie.
    private mutating func read() -> Bool {
        skipSpace()
        guard take("{") else { return false }
        repeat {
            skipSpace()
            guard let key = plainString() else { return false }
            skipSpace()
            guard take(":") else { return false }
            skipSpace()
            guard readMember(key) else { return false }
            skipSpace()
        } while take(",")
        guard take("}") else { return false }
        skipSpace()
        guard at == bytes.count else { return false }
        return seen < 0x80 || String(validating: bytes, as: UTF8.self) != nil
    }

    private mutating func readMember(_ key: Range<Int>) -> Bool {
        if matches(key, "data") {
            let start = at
            guard data == nil, peek == UInt8(ascii: "{"), skipValue(1) else { return false }
            data = start..<at
            return true
        }
        if matches(key, "id") { return attribute(\.id) }
        if matches(key, "type") { return attribute(\.type) }
        if matches(key, "time") { return attribute(\.time) }
        if matches(key, "source") { return attribute(\.source) }
        if matches(key, "subject") { return attribute(\.subject) }
        if matches(key, "sequence") { return attribute(\.sequence) }
        if matches(key, "dataschema") { return attribute(\.dataSchema) }
        if matches(key, "specversion") { return attribute(\.specversion) }
        if matches(key, "correlationid") { return attribute(\.correlationID) }
        return skipValue(1)
    }

    private mutating func attribute(_ place: WritableKeyPath<Self, Range<Int>?>) -> Bool {
        guard self[keyPath: place] == nil, let value = plainString() else { return false }
        self[keyPath: place] = value
        return true
    }

    // MARK: JSON (RFC 8259)

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 9
        {
            at += 1
        }
    }

    /// A string without escapes: where its content lies.
    private mutating func plainString() -> Range<Int>? {
        guard take("\"") else { return nil }
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return start..<at - 1
            }
            if byte < 0x20 || byte == UInt8(ascii: "\\") { return nil }
            seen |= byte
            at += 1
        }
        return nil
    }

    private mutating func skipString() -> Bool {
        guard take("\"") else { return false }
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte < 0x20 { return false }
            seen |= byte
            if byte == UInt8(ascii: "\\"), !skipEscape() { return false }
        }
        return false
    }

    private mutating func skipEscape() -> Bool {
        guard let byte = peek else { return false }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            guard at + 4 <= bytes.count, bytes[at..<at + 4].allSatisfy({ hexValue($0) != nil }) else {
                return false
            }
            at += 4
            return true
        default: return false
        }
    }

    private mutating func skipValue(_ depth: Int) -> Bool {
        guard depth <= Self.largestDepth, let first = peek else { return false }
        switch first {
        case UInt8(ascii: "\""): return skipString()
        case UInt8(ascii: "{"): return skipMembers(depth, "{", "}", named: true)
        case UInt8(ascii: "["): return skipMembers(depth, "[", "]", named: false)
        case UInt8(ascii: "t"): return skipWord("true")
        case UInt8(ascii: "f"): return skipWord("false")
        case UInt8(ascii: "n"): return skipWord("null")
        default: return skipNumber()
        }
    }

    private mutating func skipMembers(
        _ depth: Int, _ open: Unicode.Scalar, _ close: Unicode.Scalar, named: Bool
    ) -> Bool {
        guard take(open) else { return false }
        skipSpace()
        if take(close) { return true }
        repeat {
            skipSpace()
            if named {
                guard skipString() else { return false }
                skipSpace()
                guard take(":") else { return false }
                skipSpace()
            }
            guard skipValue(depth + 1) else { return false }
            skipSpace()
        } while take(",")
        return take(close)
    }

    private mutating func skipWord(_ word: StaticString) -> Bool {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, matches(at..<end, word) else { return false }
        at = end
        return true
    }

    private mutating func skipNumber() -> Bool {
        _ = take("-")
        if !take("0"), !skipDigits() { return false }
        if take("."), !skipDigits() { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return skipDigits()
        }
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        return at > start
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
