// SPDX-License-Identifier: Apache-2.0
public import Foundation

// Written by hand, since Foundation creates UUIDs of version 4 only; to be replaced when it has version 7.

extension UUID {
    /// A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, the rest random.
    ///
    /// - Parameter time: the time of creation; a time before 1970 counts as 1970.
    public static func version7(at time: Date = Date()) -> UUID {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(saturating: (time.timeIntervalSince1970 * 1000).rounded())
        let high = (milliseconds << 16) | 0x7000 | UInt64.random(in: 0...0x0FFF, using: &generator)
        let low = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF, using: &generator)
        func byte(_ word: UInt64, _ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * index))
        }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }

    /// The id as on the wire: lower case (RFC 9562, section 4).
    public var wireText: String {
        // Foundation formats through the C library and would need a second pass for lower case: several times slower.
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var at = 0
                for (index, byte) in bytes.enumerated() {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        text[at] = UInt8(ascii: "-")
                        at += 1
                    }
                    text[at] = Hexadecimal.digit(byte >> 4)
                    text[at + 1] = Hexadecimal.digit(byte & 15)
                    at += 2
                }
                return at
            }
        }
    }

    /// Parses 36 bytes of text, in upper or lower case; nil if they are not a UUID.
    init?(wireBytes text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 36 else { return nil }
        var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isGood = withUnsafeMutableBytes(of: &id) { bytes in
            var at = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    guard text[at] == UInt8(ascii: "-") else { return false }
                    at += 1
                }
                guard let high = Hexadecimal.value(of: text[at]),
                    let low = Hexadecimal.value(of: text[at + 1])
                else { return false }
                bytes[index] = high << 4 | low
                at += 2
            }
            return true
        }
        guard isGood else { return nil }
        self.init(uuid: id)
    }
}
