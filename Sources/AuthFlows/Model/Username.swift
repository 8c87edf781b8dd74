// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The rules for usernames: which ones are allowed, and the key by which two of them are the same.
///
/// ```swift
/// Username.key(of: "Ａdmin") == Username.key(of: "admin")
/// ```
///
/// Everything is counted by code point. A `Character` of Swift's has no limit: one letter may carry thousands of
/// combining marks.
public enum Username {
    /// The longest username, code points: Django's `max_length`.
    public static let longest = 150
    /// The longest username, bytes of UTF-8: what ``longest`` code points have at most.
    public static let longestBytes = 600

    /// The form in which usernames are looked up, kept unique, compared with `ACCOUNT_USERNAME_BLACKLIST` and
    /// counted by rate limits: NFKC in lower case.
    ///
    /// A text that is longer than ``longestBytes`` is nobody's username and stays as it is, because the time that
    /// normalization takes grows with the square of the number of combining marks in a row.
    public static func key(of text: String) -> String {
        guard text.utf8.count <= longestBytes else { return text }
        // Lower case can undo NFKC: U+0130 becomes two code points, which marks behind it are ordered with.
        return text.precomposedStringWithCompatibilityMapping.lowercased()
            .precomposedStringWithCompatibilityMapping
    }

    /// Whether a new username is allowed: letters, combining marks, numbers and `@.+-_`, nothing that is
    /// invisible, no mark at the beginning. The caller has checked its length.
    ///
    /// Source: Django's `UnicodeUsernameValidator`, and combining marks, which scripts such as Devanagari, Tamil
    /// and Thai cannot be written without.
    static func isAllowed(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !first.isCombiningMark else { return false }
        // Some letters are compatibility forms of texts with spaces, U+FDFA for one.
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
