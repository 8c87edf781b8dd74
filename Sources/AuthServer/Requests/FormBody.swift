// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird

/// The fields of a form that a browser posted (`application/x-www-form-urlencoded`).
struct FormBody: Sendable {
    private var fields: [String: String] = [:]

    /// Parses a body strictly: malformed percent-encoding, invalid UTF-8 and NUL characters are refused.
    init(_ bytes: ByteBuffer) throws(InputRefused) {
        for field in bytes.readableBytesView.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : [])
            else { throw InputRefused(refusals: []) }
            fields[name] = value
        }
    }

    /// All fields; of duplicate fields the last one.
    var all: [String: String] { fields }

    /// The field's value; nil if it is absent.
    subscript(name: String) -> String? { fields[name] }

    /// Decodes percent-encoded UTF-8; nil if it is malformed.
    private static func decoded(_ bytes: some Collection<UInt8>) -> String? {
        var plain: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): plain.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else {
                    return nil
                }
                plain.append(high << 4 | low)
            default: plain.append(byte)
            }
        }
        return plain.contains(0) ? nil : String(validating: plain, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
