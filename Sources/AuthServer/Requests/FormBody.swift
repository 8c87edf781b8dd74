// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird

/// The fields of a form that a browser posted (`application/x-www-form-urlencoded`).
struct FormBody: Sendable {
    private var fields: [String: String] = [:]

    /// No fields.
    init() {}

    /// Parses a body strictly: malformed percent-encoding, invalid UTF-8 and NUL characters are refused.
    init(_ bytes: ByteBuffer) throws(InputRefused) {
        for field in bytes.readableBytesView.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let value = PercentCoding.decode(parts.count > 1 ? parts[1] : [], plusIsSpace: true)
            else { throw InputRefused(refusals: []) }
            fields[name] = value
        }
    }

    /// All fields; of duplicate fields the last one.
    var all: [String: String] { fields }

    /// The field's value; nil if it is absent.
    subscript(name: String) -> String? { fields[name] }
}
