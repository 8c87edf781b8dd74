// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Mutates texts and bytes at random, like a fuzzer: flips bits, changes, repeats and removes bytes, and inserts
/// extreme numbers.
package struct Mutator {
    package var random: SeededGenerator

    /// Texts that are difficult for parsers.
    private static let pieces: [String] = [
        "", "0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e308", "1e999",
        "1e-400", "0.1", "NaN", "Infinity", "null", "true", "\"\"", "{}", "[]", "[[[[[[[[", "{\"a\":", "\"",
        "\\",
        "\\u0000", "\\ud800", "\u{0}", "\u{7f}", "\u{2028}", "\u{202e}", "é", "%", "%zz", "%00", "//", "@",
        ":",
        ";", ",", ".", "-", "_", "=", "&", "?", "#", "*", "$", "<", ">", "{{", "}}", "{%", "%}", " ", "\t",
        "\r\n",
        "2026-02-30T25:61:61Z", "0000-00-00T00:00:00.000Z", "9999-12-31T23:59:60.999Z",
    ]

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Returns the bytes with one to four random changes.
    package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&bytes) }
        return bytes
    }

    package mutating func mutate(_ data: Data) -> Data { Data(mutate(Array(data))) }

    /// Returns the text with one to four random changes; invalid UTF-8 is repaired.
    package mutating func mutate(_ text: String) -> String {
        String(decoding: mutate(Array(text.utf8)), as: UTF8.self)
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = Int.random(in: place...min(bytes.count, place + 24), using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: end)
        case 4: bytes.removeSubrange(place...)
        case 5: bytes.insert(contentsOf: random.bytes(1...8), at: place)
        default:
            let piece = Array((Self.pieces.randomElement(using: &random) ?? "").utf8)
            let times = random.oneIn(20) ? Int.random(in: 2...2000, using: &random) : 1
            let all = Array(repeatElement(piece, count: times).joined())
            if random.oneIn(2) {
                bytes.insert(contentsOf: all, at: place)
            } else {
                bytes.replaceSubrange(place..<end, with: all)
            }
        }
    }
}
