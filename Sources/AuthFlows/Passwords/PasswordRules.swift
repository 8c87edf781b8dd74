// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a new password must be, with the codes of Django's validators.
struct PasswordRules {
    var minLength: Int

    /// - Parameter similarTo: the user's names and addresses.
    func refusals(of password: Password, field: String, similarTo: [String] = []) -> [Refusal] {
        let text = password.exposedText
        if text.isEmpty { return [.required(field: field)] }
        if text.utf8.count > Password.longest {
            return [
                Refusal(
                    .passwordTooLong, field: field,
                    "This password is too long. It may have at most \(Password.longest) bytes.")
            ]
        }
        if text.utf8.contains(0) {
            return [Refusal(.invalid, field: field, "Null characters are not allowed.")]
        }
        var refusals: [Refusal] = []
        if text.count < minLength {
            refusals.append(
                Refusal(
                    .passwordTooShort, field: field,
                    "This password is too short. It must contain at least \(minLength) characters."))
        }
        if CommonPasswords.contain(text) {
            refusals.append(Refusal(.passwordTooCommon, field: field, "This password is too common."))
        }
        if text.allSatisfy(\.isNumber) {
            refusals.append(
                Refusal(.passwordEntirelyNumeric, field: field, "This password is entirely numeric."))
        }
        if similarTo.contains(where: { Self.isSimilar(text, $0) }) {
            refusals.append(
                Refusal(
                    .passwordTooSimilar, field: field,
                    "The password is too similar to your e-mail address or username."))
        }
        return refusals
    }

    /// Whether the password is one of the words of a name, or nearly so.
    private static func isSimilar(_ password: String, _ name: String) -> Bool {
        let password = password.lowercased()
        let words =
            name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init) + [name.lowercased()]
        return words.contains { word in
            guard word.count >= 3, password.count < 10 * word.count else { return false }
            return quickRatio(password, word) >= 0.7
        }
    }

    /// `difflib`'s quick ratio, as Django's UserAttributeSimilarityValidator has it.
    private static func quickRatio(_ left: String, _ right: String) -> Double {
        var counts: [Character: Int] = [:]
        for character in right { counts[character, default: 0] += 1 }
        var matches = 0
        for character in left where counts[character, default: 0] > 0 {
            counts[character]! -= 1
            matches += 1
        }
        return 2 * Double(matches) / Double(left.count + right.count)
    }
}
