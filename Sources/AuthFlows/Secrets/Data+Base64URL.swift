// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension Data {
    /// Random bytes of the system's generator.
    package static func random(count: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// Base64 for URLs without padding (RFC 4648, section 5).
    package var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The bytes of ``base64URL``; nil for any other text.
    package init?(base64URL text: String) {
        // One text for one value: what is padded or written with another alphabet is another text.
        guard text.utf8.allSatisfy({ $0 < 0x80 }), !text.contains(where: { "+/=".contains($0) }) else {
            return nil
        }
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        self.init(base64Encoded: base64)
    }
}
