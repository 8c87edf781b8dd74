// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Base64 for URLs without padding (RFC 4648, section 5).
///
/// Written by hand until every supported Foundation has `base64URLAlphabet`.
package enum Base64URL {
    package static func text(of bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// The bytes of ``text(of:)``; nil for any other text.
    package static func bytes(of text: String) -> Data? {
        // The encoding is unique: padding and the other alphabet are rejected.
        guard text.utf8.allSatisfy({ $0 < 0x80 }), !text.contains(where: { "+/=".contains($0) }) else {
            return nil
        }
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        // Foundation ignores the unused bits of the last character.
        guard let bytes = Data(base64Encoded: base64), self.text(of: bytes) == text else { return nil }
        return bytes
    }
}
