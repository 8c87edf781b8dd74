// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension UUID {
    /// A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, the rest random.
    ///
    /// - Parameter time: the moment it is made; before 1970 counts as 1970.
    public static func version7(at time: Date = Date()) -> UUID {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(max(0, (time.timeIntervalSince1970 * 1000).rounded()))
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

    /// The id as the wire has it: lower case (RFC 9562, section 4).
    public var wireText: String { uuidString.lowercased() }
}
