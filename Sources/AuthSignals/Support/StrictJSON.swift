// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Checks that bytes are one JSON text (RFC 8259) that every parser reads alike.
///
/// Foundation's decoder accepts a comma before a closing bracket, takes the first of two members with the same name,
/// and does not check strings that are not decoded; other parsers differ in each. Text that passes here means the same to
/// all of them. Beyond the grammar it rejects what RFC 8259 leaves open: a byte order mark, a duplicate member name in
/// one object, half of a surrogate pair, and nesting beyond a limit.
///
/// It makes one pass over the bytes, without recursion. Its memory is bounded by the nesting and by the members of open
/// objects.
package struct StrictJSON {
    /// Why bytes are not JSON, and where. It never quotes the text.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The kind of error.
        package enum Reason: String, Sendable {
            case incomplete = "the JSON ends too early"
            case unexpectedByte = "unexpected byte"
            case trailingComma = "comma before a closing bracket"
            case textAfterValue = "text after the JSON value"
            case byteOrderMark = "byte order mark"
            case notUTF8 = "not UTF-8"
            case controlCharacter = "control character in a string"
            case invalidEscape = "invalid escape in a string"
            case loneSurrogate = "half of a surrogate pair"
            case invalidNumber = "invalid number"
            case duplicateMember = "member's name twice in one object"
            case tooDeep = "nested too deeply"
        }

        package var reason: Reason
        /// The offset of the invalid byte, starting at 0.
        package var offset: Int

        package init(_ reason: Reason, at offset: Int) {
            self.reason = reason
            self.offset = offset
        }

        package var description: String { "\(reason.rawValue) at byte \(offset)" }
    }

    /// A member of the outermost object.
    struct Member {
        /// The name between its quotes, with its escapes.
        var name: Range<Int>
        /// The value, without surrounding white space.
        var value: Range<Int>
    }

    /// - Parameter maximumDepth: how many arrays and objects may be open at once; 0 allows a string, a number, `true`,
    ///   `false` and `null` only.
    /// - Throws: ``Fault`` for the first invalid byte.
    package static func validate(_ bytes: some ContiguousBytes, maximumDepth: Int) throws(Fault) {
        try bytes.withUnsafeBytes { raw in
            Result<Void, Fault> { () throws(Fault) in
                var parser = StrictJSON(raw.bindMemory(to: UInt8.self), maximumDepth: maximumDepth)
                try parser.readDocument()
            }
        }.get()
    }

    /// The members of the outermost object in order; nil if the JSON is not an object.
    static func members(
        of bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int
    ) throws(Fault) -> [Member]? {
        var parser = StrictJSON(bytes, maximumDepth: maximumDepth)
        parser.members = []
        parser.members?.reserveCapacity(16)
        try parser.readDocument()
        return parser.outermostIsObject ? parser.members : nil
    }

    /// Decodes a valid string, given the bytes between its quotes.
    static func text(_ content: UnsafeBufferPointer<UInt8>) -> String {
        guard let base = content.baseAddress, memchr(base, Int32(UInt8(ascii: "\\")), content.count) != nil
        else { return String(decoding: content, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        var at = 0
        func unit() -> UInt32 {
            defer { at += 4 }
            return content[at..<at + 4].reduce(0) { $0 << 4 | UInt32(Hexadecimal.value(of: $1) ?? 0) }
        }
        while at < content.count {
            let byte = content[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), at < content.count else {
                bytes.append(byte)
                continue
            }
            let escaped = content[at]
            at += 1
            switch escaped {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u") where at + 4 <= content.count:
                var scalar = unit()
                if 0xD800..<0xDC00 ~= scalar, at + 6 <= content.count {
                    at += 2
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit() & 0x3FF
                }
                bytes.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
            default: bytes.append(escaped)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: State

    /// A member name of an object that is still open.
    private struct Name {
        var range: Range<Int>
        /// ASCII without escapes, so that equal names have equal bytes.
        var isPlain: Bool
    }

    /// An array or object that is still open.
    private struct Frame {
        var isObject: Bool
        /// How many names the enclosing objects have.
        var firstName: Int
    }

    /// In an object with more members, duplicate names are found with a hash table.
    private static let fewMembers = 16

    private let bytes: UnsafeBufferPointer<UInt8>
    private let maximumDepth: Int
    private var at = 0
    private var frames: [Frame] = []
    private var names: [Name] = []
    private var outermostIsObject = false
    /// Nil if the caller did not request them.
    private var members: [Member]?

    private init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        frames.reserveCapacity(8)
        names.reserveCapacity(32)
    }

    // MARK: Grammar (RFC 8259, section 2)

    private mutating func readDocument() throws(Fault) {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw Fault(.byteOrderMark, at: 0)
        }
        skipSpace()
        var valueStart = at
        while true {
            // A value starts here.
            guard at < bytes.count else { throw Fault(.incomplete, at: at) }
            if frames.count == 1 { valueStart = at }
            switch bytes[at] {
            case UInt8(ascii: "{"):
                try open(isObject: true)
                if !take("}") {
                    try readName()
                    continue
                }
                try close()
            case UInt8(ascii: "["):
                try open(isObject: false)
                if !take("]") { continue }
                try close()
            case UInt8(ascii: "\""): _ = try readString()
            case UInt8(ascii: "t"): try readWord("true")
            case UInt8(ascii: "f"): try readWord("false")
            case UInt8(ascii: "n"): try readWord("null")
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber()
            default: throw Fault(.unexpectedByte, at: at)
            }
            // A value ends here, and perhaps the arrays and objects around it.
            var hasMore = false
            while !hasMore, let frame = frames.last {
                if frames.count == 1, frame.isObject, let name = names.last?.range {
                    members?.append(Member(name: name, value: valueStart..<at))
                }
                skipSpace()
                if take(",") {
                    skipSpace()
                    if peek == UInt8(ascii: "}") || peek == UInt8(ascii: "]") {
                        throw Fault(.trailingComma, at: at)
                    }
                    if frame.isObject { try readName() }
                    hasMore = true
                } else if take(frame.isObject ? "}" : "]") {
                    try close()
                } else {
                    throw Fault(at < bytes.count ? .unexpectedByte : .incomplete, at: at)
                }
            }
            if hasMore { continue }
            skipSpace()
            if at < bytes.count { throw Fault(.textAfterValue, at: at) }
            return
        }
    }

    private mutating func open(isObject: Bool) throws(Fault) {
        guard frames.count < maximumDepth else { throw Fault(.tooDeep, at: at) }
        if frames.isEmpty { outermostIsObject = isObject }
        frames.append(Frame(isObject: isObject, firstName: names.count))
        at += 1
        skipSpace()
    }

    private mutating func close() throws(Fault) {
        guard let frame = frames.popLast() else { return }
        if names.count - frame.firstName > Self.fewMembers {
            var seen = Set<[UInt8]>(minimumCapacity: names.count - frame.firstName)
            for name in names[frame.firstName...] where !seen.insert(Array(text(name).utf8)).inserted {
                throw Fault(.duplicateMember, at: name.range.lowerBound)
            }
        }
        names.removeSubrange(frame.firstName...)
    }

    /// Reads a name and its colon, up to the value.
    private mutating func readName() throws(Fault) {
        guard peek == UInt8(ascii: "\"") else {
            throw Fault(at < bytes.count ? .unexpectedByte : .incomplete, at: at)
        }
        let name = try readString()
        let first = frames.last?.firstName ?? 0
        if names.count - first < Self.fewMembers {
            for index in first..<names.count where isSame(name, names[index]) {
                throw Fault(.duplicateMember, at: name.range.lowerBound)
            }
        }
        names.append(name)
        skipSpace()
        guard take(":") else { throw Fault(at < bytes.count ? .unexpectedByte : .incomplete, at: at) }
        skipSpace()
    }

    /// Names are compared code point by code point (RFC 8259, section 8.3): a profile may have `é` in NFC and in NFD.
    private func isSame(_ name: Name, _ other: Name) -> Bool {
        if name.isPlain, other.isPlain {
            guard name.range.count == other.range.count, let base = bytes.baseAddress else { return false }
            return memcmp(base + name.range.lowerBound, base + other.range.lowerBound, name.range.count) == 0
        }
        return text(name).hasSameBytes(as: text(other))
    }

    private func text(_ name: Name) -> String { Self.text(part(name.range)) }

    private func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[range])
    }

    // MARK: Strings (section 7)

    /// Reads a string; `at` is its opening quote.
    private mutating func readString() throws(Fault) -> Name {
        at += 1
        let start = at
        var isPlain = true
        while true {
            at = Self.endOfPlain(UnsafeRawBufferPointer(bytes), from: at)
            guard at < bytes.count else { throw Fault(.incomplete, at: at) }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return Name(range: start..<at - 1, isPlain: isPlain)
            }
            isPlain = false
            if byte == UInt8(ascii: "\\") {
                try readEscape()
            } else if byte >= 0x80 {
                try readMultibyte()
            } else {
                throw Fault(.controlCharacter, at: at)
            }
        }
    }

    /// The offset of the first byte at or after `start` that is a quote, a backslash, a control character or not ASCII;
    /// the number of bytes if no such byte follows. Eight bytes are checked at a time.
    static func endOfPlain(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        while at + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let (quotes, slashes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            // Every byte that ends the run gets its top bit set. The subtractions borrow from the next higher byte, so
            // a byte after such a byte may get it by mistake; the first byte with a top bit is always correct.
            let special =
                ((word &- (ones &* 0x20)) | (quotes &- ones) | (slashes &- ones) | word) & tops
            if special != 0 {
                return at + special.trailingZeroBitCount / 8
            }
            at += 8
        }
        while at < raw.count, raw[at] >= 0x20, raw[at] < 0x80, raw[at] != UInt8(ascii: "\""),
            raw[at] != UInt8(ascii: "\\")
        {
            at += 1
        }
        return at
    }

    private mutating func readEscape() throws(Fault) {
        let start = at
        guard at + 1 < bytes.count else { throw Fault(.incomplete, at: bytes.count) }
        at += 2
        switch bytes[at - 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try readHexadecimal(from: start)
            guard 0xD800..<0xE000 ~= unit else { return }
            guard unit < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                bytes[at + 1] == UInt8(ascii: "u")
            else { throw Fault(.loneSurrogate, at: start) }
            at += 2
            guard 0xDC00..<0xE000 ~= (try readHexadecimal(from: at - 2)) else {
                throw Fault(.loneSurrogate, at: start)
            }
        default: throw Fault(.invalidEscape, at: start)
        }
    }

    private mutating func readHexadecimal(from start: Int) throws(Fault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.count else { throw Fault(.incomplete, at: at) }
            guard let digit = Hexadecimal.value(of: bytes[at]) else { throw Fault(.invalidEscape, at: start) }
            unit = unit << 4 | UInt32(digit)
            at += 1
        }
        return unit
    }

    /// Reads a character of two to four bytes (RFC 3629, section 4).
    private mutating func readMultibyte() throws(Fault) {
        let (count, second): (Int, ClosedRange<UInt8>) =
            switch bytes[at] {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw Fault(.notUTF8, at: at)
            }
        guard at + count <= bytes.count, second ~= bytes[at + 1],
            bytes[at + 2..<at + count].allSatisfy({ 0x80...0xBF ~= $0 })
        else { throw Fault(.notUTF8, at: at) }
        at += count
    }

    // MARK: Numbers, words and space (sections 2, 3 and 6)

    private mutating func readNumber() throws(Fault) {
        let start = at
        _ = take("-")
        if !take("0") { try readDigits(from: start) }
        if take(".") { try readDigits(from: start) }
        let hasExponent = take("e") || take("E")
        if hasExponent {
            if !take("+") { _ = take("-") }
            try readDigits(from: start)
        }
        // Section 6 permits a limited range. Beyond Double's, readers disagree: some fail, some read infinity.
        if hasExponent || at - start > 300,
            Double(String(decoding: bytes[start..<at], as: UTF8.self))?.isFinite != true
        {
            throw Fault(.invalidNumber, at: start)
        }
        // As in 01 or 1.5.2.
        if let next = peek, next == UInt8(ascii: ".") || isDigit(next) {
            throw Fault(.invalidNumber, at: start)
        }
    }

    private mutating func readDigits(from start: Int) throws(Fault) {
        let first = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        if at == first {
            throw at < bytes.count ? Fault(.invalidNumber, at: start) : Fault(.incomplete, at: at)
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private mutating func readWord(_ word: StaticString) throws(Fault) {
        for index in 0..<word.utf8CodeUnitCount {
            guard at + index < bytes.count else { throw Fault(.incomplete, at: at + index) }
            guard bytes[at + index] == word.utf8Start[index] else {
                throw Fault(.unexpectedByte, at: at + index)
            }
        }
        at += word.utf8CodeUnitCount
    }

    @inline(__always)
    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    @inline(__always)
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    @inline(__always)
    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] <= 0x20,
            bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09
        {
            at += 1
        }
    }
}
