// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Decodes the data of an event, whose bytes ``EventReader`` has checked, several times faster than `JSONDecoder`.
///
/// It never decides that data is invalid, and it does not read everything that `JSONDecoder` reads: where a value is
/// absent, has another type or is written in an unusual way, it fails, and `JSONDecoder` decodes the data again. So both
/// have the same result, and all errors come from `JSONDecoder`. Since a type may catch an error while it is decoded
/// and try something else, every failure is recorded, and the result is not used after a failure.
enum DataDecoder {
    /// - Parameter data: One JSON value without surrounding white space that ``StrictJSON`` accepts.
    /// - Returns: nil if `JSONDecoder` must decode the data.
    static func decode<T: Decodable>(_ type: T.Type, from data: Data) -> T? {
        let text = data.withUnsafeBytes { CheckedJSON($0) }
        let value = try? DataNode(text, 0..<text.bytes.count).value(type)
        return text.hasFailed ? nil : value
    }
}

/// JSON that ``StrictJSON`` accepts. It owns its bytes, since a type may keep its decoder.
final class CheckedJSON {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Whether something could not be decoded, and the result must not be used.
    private(set) var hasFailed = false

    init(_ raw: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: raw.count)
        _ = copy.initialize(from: raw)
        bytes = UnsafeBufferPointer(copy)
    }

    deinit { bytes.deallocate() }

    func failure() -> DecodingError {
        hasFailed = true
        return .dataCorrupted(.init(codingPath: [], debugDescription: "decoded by JSONDecoder instead"))
    }

    // MARK: Scalars

    func isNull(_ place: Range<Int>) -> Bool { first(place) == UInt8(ascii: "n") }

    func first(_ place: Range<Int>) -> UInt8? { place.isEmpty ? nil : bytes[place.lowerBound] }

    func bool(_ place: Range<Int>) throws -> Bool {
        switch first(place) {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: throw failure()
        }
    }

    func string(_ place: Range<Int>) throws -> String { StrictJSON.text(try content(place)) }

    /// The bytes between the quotes.
    func content(_ place: Range<Int>) throws -> UnsafeBufferPointer<UInt8> {
        guard place.count >= 2, first(place) == UInt8(ascii: "\"") else { throw failure() }
        return UnsafeBufferPointer(rebasing: bytes[place.lowerBound + 1..<place.upperBound - 1])
    }

    /// A number without fraction, exponent and minus zero, of at most 18 digits.
    func integer<I: FixedWidthInteger>(_ type: I.Type, _ place: Range<Int>) throws -> I {
        let isNegative = first(place) == UInt8(ascii: "-")
        let digits = isNegative ? place.dropFirst() : place
        var value: Int64 = 0
        guard (1...18).contains(digits.count) else { throw failure() }
        for index in digits {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { throw failure() }
            value = value * 10 + Int64(digit)
        }
        guard !isNegative || value > 0, let number = I(exactly: isNegative ? -value : value) else {
            throw failure()
        }
        return number
    }

    /// A whole number that a floating-point type represents exactly.
    func wholeNumber(_ place: Range<Int>, below limit: Int64) throws -> Int64 {
        let number = try integer(Int64.self, place)
        guard number.magnitude < limit else { throw failure() }
        return number
    }

    /// A value of any type, as `JSONValue` decodes itself.
    ///
    /// - Parameter depth: The number of arrays and objects around it within this value.
    func json(_ place: Range<Int>, depth: Int = 0) throws -> JSONValue {
        // Far below the depth that JSONValue allows: only JSONDecoder decides about that.
        guard depth < 16 else { throw failure() }
        switch first(place) {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool(place))
        case UInt8(ascii: "\""): return .string(try string(place))
        case UInt8(ascii: "["): return .array(try elements(place).map { try json($0, depth: depth + 1) })
        case UInt8(ascii: "{"):
            var table: [String: JSONValue] = [:]
            // Names with escapes fail, and so does an object that `WrappedObject` has written as a text.
            for member in try members(place) {
                let name = String(decoding: bytes[member.name], as: UTF8.self)
                table[name] = try json(member.value, depth: depth + 1)
            }
            return .object(table)
        default:
            if bytes[place].contains(UInt8(ascii: ".")) { return .number(try fraction(place)) }
            return .integer(try integer(Int64.self, place))
        }
    }

    /// A short number with a fraction other than zero, and without an exponent: not an integer for any decoder.
    private func fraction(_ place: Range<Int>) throws -> Double {
        guard place.count <= 17, bytes[place].allSatisfy({ $0 <= UInt8(ascii: "9") }),
            let number = Double(String(decoding: bytes[place], as: UTF8.self)), number != number.rounded()
        else { throw failure() }
        return number
    }

    // MARK: Structure

    /// The members of an object, with the bytes of their names.
    func members(_ place: Range<Int>) throws -> [StrictJSON.Member] {
        guard first(place) == UInt8(ascii: "{") else { throw failure() }
        var members: [StrictJSON.Member] = []
        members.reserveCapacity(12)
        var at = place.lowerBound + 1
        while next(&at, in: place) {
            let name = value(&at, in: place)
            // Names are compared by bytes here, and by canonical equivalence by JSONDecoder.
            guard name.count >= 2, members.count < 64 else { throw failure() }
            for index in name where bytes[index] >= 0x80 || bytes[index] == UInt8(ascii: "\\") {
                throw failure()
            }
            _ = next(&at, in: place)
            members.append(
                StrictJSON.Member(
                    name: name.lowerBound + 1..<name.upperBound - 1, value: value(&at, in: place)))
        }
        return members
    }

    /// The elements of an array.
    func elements(_ place: Range<Int>) throws -> [Range<Int>] {
        guard first(place) == UInt8(ascii: "[") else { throw failure() }
        var elements: [Range<Int>] = []
        var at = place.lowerBound + 1
        while next(&at, in: place) { elements.append(value(&at, in: place)) }
        return elements
    }

    /// Moves to the next name or value; false at the end of the array or object.
    private func next(_ at: inout Int, in place: Range<Int>) -> Bool {
        while at < place.upperBound {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: ":"): at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): return false
            default: return true
            }
        }
        return false
    }

    /// The range of the name or value that starts at `at`, which is moved past it.
    private func value(_ at: inout Int, in place: Range<Int>) -> Range<Int> {
        let start = at
        var depth = 0
        while at < place.upperBound {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                skipString(&at, in: place)
                if depth == 0 { return start..<at }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of the array or object around a number, `true`, `false` or `null`.
                if depth == 0 { return start..<at }
                depth -= 1
                at += 1
                if depth == 0 { return start..<at }
            case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
                if depth == 0 { return start..<at }
                at += 1
            default: at += 1
            }
        }
        return start..<at
    }

    private func skipString(_ at: inout Int, in place: Range<Int>) {
        at += 1
        while at < place.upperBound {
            at = StrictJSON.endOfPlain(UnsafeRawBufferPointer(bytes), from: at)
            guard at < place.upperBound else { return at = place.upperBound }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return
            case UInt8(ascii: "\\"): at = min(at + 2, place.upperBound)
            default: at += 1
            }
        }
    }
}
