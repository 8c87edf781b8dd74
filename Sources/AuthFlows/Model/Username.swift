// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The rules for usernames: which ones are allowed, and the key by which they are compared.
///
/// ```swift
/// Username.key(of: "Ａdmin") == Username.key(of: "admin")
/// ```
///
/// Lengths are counted in code points. A Swift `Character` has no maximum size: one letter may be followed by thousands
/// of combining marks.
public enum Username {
    /// The longest username, in code points: Django's `max_length`.
    public static let longest = 150
    /// The longest username, in bytes of UTF-8: the maximum for ``longest`` code points.
    public static let longestBytes = 600

    /// The form in which usernames are looked up, kept unique, compared with `ACCOUNT_USERNAME_BLACKLIST` and
    /// counted by rate limits: NFKC in lower case.
    ///
    /// A text that is longer than ``longestBytes`` cannot be a username and is returned unchanged, because
    /// normalization takes quadratic time in the number of consecutive combining marks.
    public static func key(of text: String) -> String {
        guard text.utf8.count <= longestBytes else { return text }
        // Lower-casing can undo NFKC: U+0130 becomes two code points, and marks after it have to be reordered.
        return text.precomposedStringWithCompatibilityMapping.lowercased()
            .precomposedStringWithCompatibilityMapping
    }

    /// Whether a new username is allowed: letters, combining marks, numbers and `@.+-_`, no invisible characters, and
    /// no mark at the beginning. The caller has checked its length.
    ///
    /// Source: Django's `UnicodeUsernameValidator`, extended by combining marks, which scripts such as Devanagari,
    /// Tamil and Thai require.
    static func isAllowed(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !first.isCombiningMark else { return false }
        // The compatibility form is checked too, because some letters, such as U+FDFA, expand to a text with spaces.
        return text.unicodeScalars.allSatisfy(isAllowed)
            && text.precomposedStringWithCompatibilityMapping.unicodeScalars.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isDefaultIgnorableCodePoint { return false }
        if scalar.isCombiningMark { return true }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: "@.+-_".unicodeScalars.contains(scalar)
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isCombiningMark: Bool {
        [.nonspacingMark, .spacingMark].contains(properties.generalCategory)
    }
}
