// SPDX-License-Identifier: Apache-2.0

/// Bytes as hexadecimal digits.
package enum Hexadecimal {
    /// Two digits a byte.
    package static func text(of bytes: some Sequence<UInt8>, upperCase: Bool = false) -> String {
        var text = ""
        for byte in bytes {
            text.unicodeScalars.append(Unicode.Scalar(digit(byte >> 4, upperCase: upperCase)))
            text.unicodeScalars.append(Unicode.Scalar(digit(byte & 15, upperCase: upperCase)))
        }
        return text
    }

    /// The digit of a number below 16.
    package static func digit(_ value: UInt8, upperCase: Bool = false) -> UInt8 {
        switch value {
        case 0...9: UInt8(ascii: "0") + value
        default: UInt8(ascii: upperCase ? "A" : "a") + (value & 15) - 10
        }
    }

    /// The value of a digit in either case; nil for any other byte.
    package static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
