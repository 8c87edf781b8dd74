// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The rules for new passwords, with the error codes of Django's validators. Lengths are counted in code points of
/// the normalized form.
struct PasswordRules {
    var minLength: Int

    /// - Parameter similarTo: the user's names and addresses.
    func refusals(of password: Password, field: String, similarTo: [String] = []) -> [Refusal] {
        let typed = password.exposedText
        if typed.isEmpty { return [.required(field: field)] }
        if typed.utf8.count > Password.longest {
            return [
                Refusal(.passwordTooLong, field: field, .passwordTooLong(Password.longest))
            ]
        }
        if typed.utf8.contains(0) {
            return [Refusal(.invalid, field: field, .nullCharacters)]
        }
        let text = password.normalized.exposedText
        var refusals: [Refusal] = []
        if text.unicodeScalars.count < minLength {
            refusals.append(Refusal(.passwordTooShort, field: field, .passwordTooShort(minLength)))
        }
        if CommonPasswords.contain(text) {
            refusals.append(Refusal(.passwordTooCommon, field: field, .passwordTooCommon))
        }
        if text.unicodeScalars.allSatisfy(Self.isDigit) {
            refusals.append(Refusal(.passwordEntirelyNumeric, field: field, .passwordEntirelyNumeric))
        }
        if similarTo.contains(where: { Self.isSimilar(text, $0) }) {
            refusals.append(Refusal(.passwordTooSimilar, field: field, .passwordTooSimilar))
        }
        return refusals
    }

    /// Python's `str.isdigit`.
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        [.decimal, .digit].contains(scalar.properties.numericType)
    }

    /// Whether the password is, or resembles, one of the words of a name.
    private static func isSimilar(_ password: String, _ name: String) -> Bool {
        let password = Array(password.lowercased().unicodeScalars)
        let name = Array(Password(name).normalized.exposedText.lowercased().unicodeScalars)
        let words = name.split { !$0.isPartOfWord } + [name[...]]
        return words.contains { word in
            guard word.count >= 3, password.count < 10 * word.count else { return false }
            return quickRatio(password, word) >= 0.7
        }
    }

    /// `quick_ratio` of Python's `difflib`, which Django's UserAttributeSimilarityValidator uses.
    private static func quickRatio(_ left: [Unicode.Scalar], _ right: ArraySlice<Unicode.Scalar>) -> Double {
        var counts: [Unicode.Scalar: Int] = [:]
        for scalar in right { counts[scalar, default: 0] += 1 }
        var matches = 0
        for scalar in left {
            guard let rest = counts[scalar], rest > 0 else { continue }
            counts[scalar] = rest - 1
            matches += 1
        }
        return 2 * Double(matches) / Double(left.count + right.count)
    }
}

extension Unicode.Scalar {
    /// Whether it is a letter, a mark or a number.
    fileprivate var isPartOfWord: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}
