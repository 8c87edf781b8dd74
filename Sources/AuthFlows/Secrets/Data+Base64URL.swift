// SPDX-License-Identifier: Apache-2.0
import AuthSignals
package import Foundation

extension Data {
    /// Random bytes from the system's random number generator.
    package static func random(count: Int) -> Data {
        // Eight bytes at a time: each number is a system call.
        var generator = SystemRandomNumberGenerator()
        let words = (0..<(count + 7) / 8).map { _ in generator.next() }
        return words.withUnsafeBytes { Data($0.prefix(count)) }
    }

    /// Base64 for URLs without padding (RFC 4648, section 5).
    package var base64URL: String { Base64URL.text(of: self) }

    /// The bytes of ``base64URL``; nil for any other text.
    package init?(base64URL text: String) {
        guard let bytes = Base64URL.bytes(of: text) else { return nil }
        self = bytes
    }
}
