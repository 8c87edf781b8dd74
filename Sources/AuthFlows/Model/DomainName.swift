// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The domain of an e-mail address, in the two forms of IDNA2008 (RFC 5890).
///
/// Domains are compared, and mail is sent, by A-labels: `münchen.de` in NFC, in NFD, in full-width letters and as
/// `xn--mnchen-3ya.de` are the same domain. A text that has no A-labels is not a domain.
///
/// The mapping is UTS 46, non-transitional (`ß`, `ς` and the joiners are distinct letters), with the checks of
/// hyphens, joiners and the Bidi rule. Foundation's URLs use ICU's implementation of it.
package struct DomainName: Hashable, Sendable {
    /// A-labels, lower case: `xn--mnchen-3ya.de`; at most 253 bytes.
    package let ascii: String
    /// U-labels, in NFC: `münchen.de`. Each ``ascii`` has exactly one, so that two domains are equal in both forms or
    /// in neither.
    package let unicode: String

    /// The longest text, in bytes, that may have 253 code points. Longer ones are rejected before normalization.
    private static let longestInput = 4 * 253

    /// Nil for a text that is not a domain of letters, digits and hyphens, or that has no A-labels.
    package init?(_ text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.count <= Self.longestInput, let ascii = Self.ascii(String(text)),
            Self.isHostName(ascii)
        else { return nil }
        self.ascii = ascii
        guard ascii.split(separator: ".").contains(where: { $0.hasPrefix("xn--") }) else {
            unicode = ascii
            return
        }
        // A label that begins with xn-- is an A-label only if it decodes to letters and encodes to the same label.
        var components = URLComponents()
        components.encodedHost = ascii
        guard let unicode = components.host, Self.ascii(unicode) == ascii,
            unicode.unicodeScalars.allSatisfy({ $0 == "." || Self.isLabelCharacter($0) })
        else { return nil }
        self.unicode = unicode
    }

    /// The text with its labels mapped and encoded; nil if UTS 46 reports an error.
    private static func ascii(_ text: String) -> String? {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        var components = URLComponents()
        components.host = text
        // Foundation percent-encodes a host that IDNA rejects.
        guard let host = components.encodedHost, host.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x25 }) else {
            return nil
        }
        return host.lowercased()
    }

    /// RFC 1123, section 2.1: letters, digits and hyphens; at most 63 bytes a label and 253 in all.
    private static func isHostName(_ ascii: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return ascii.utf8.count <= 253
            && ascii.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
                (1...63).contains($0.count) && $0.first != hyphen && $0.last != hyphen
                    && $0.allSatisfy { byte in
                        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == hyphen
                    }
            }
    }

    /// Whether IDNA2008 allows a character in a label (RFC 5892, section 3). UTS 46 alone would allow symbols.
    private static func isLabelCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Contextual rules: the hyphen and the joiners, which ICU has checked, and punctuation of a few scripts.
        case 0x2D, 0x200C, 0x200D, 0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB: true
        // Exceptions of section 2.6, allowed and disallowed.
        case 0x6FD, 0x6FE, 0xF0B, 0x3007: true
        case 0x640, 0x7FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: false
        // Old Hangul Jamo, section 2.9.
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: false
        default:
            [
                .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark,
                .decimalNumber,
            ].contains(scalar.properties.generalCategory)
        }
    }
}
