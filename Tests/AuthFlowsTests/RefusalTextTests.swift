// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthFlows

@Suite struct RefusalTextTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/AuthFlows").standardizedFileURL

    @Test func `every refusal of the flows has its text from the file of translations`() throws {
        let files = FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil)
        var count = 0
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift", !file.path.contains("/Generated/") else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            // A code, perhaps a field, and then a text that is written down there.
            let literal = /Refusal\(\s*\.?[A-Za-z]+,\s*(field:\s*("[a-z0-9_]*"|[a-zA-Z.]+),\s*)?"/
            #expect(text.firstMatch(of: literal) == nil, "\(file.lastPathComponent)")
            count += 1
        }
        #expect(count > 50)
    }

    @Test func `every text differs from its translation and contains the same numbers`() throws {
        let file = Self.sources.appending(path: "Languages/TranslatedText+Refusals.swift")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.matches(of: /english:/).count == text.matches(of: /german:/).count)
        let texts: [TranslatedText] = [
            .required, .nullCharacters, .invalidChoice, .invalidProcess, .invalidURL, .maxLength(254),
            .invalidEmail, .emailTaken, .unknownEmail, .duplicateEmail, .cannotRemovePrimaryEmail,
            .unverifiedPrimaryEmail, .sameAsCurrent, .maxEmailAddresses(7), .usernameTaken, .invalidUsername,
            .invalidUsernameCharacters, .usernameBlacklisted, .usernameTooShort(3), .passwordTooCommon,
            .passwordEntirelyNumeric, .passwordTooSimilar, .passwordMismatch, .incorrectPassword,
            .enterCurrentPassword, .invalidPasswordReset, .passwordTooShort(12), .passwordTooLong(4096),
            .invalidLogin, .emailPasswordMismatch, .usernamePasswordMismatch, .tooManyLoginAttempts,
            .incorrectCode, .invalidOrExpiredKey, .unknownProvider, .providerUnreachable, .providerFailed,
            .unknownVisit, .tokenAuthenticationNotSupported, .clientIDRequired, .tokenRequired, .invalidToken,
            .connectedOther, .accountNotFound, .disconnectLast, .noPassword, .noVerifiedEmail,
            .emailTakenElsewhere(provider: "Example 5"),
        ]
        #expect(Set(texts).count == text.matches(of: /TranslatedText\(\s*english:/).count)
        for text in texts {
            #expect(text.english != text.german)
            #expect(!text.german.isEmpty)
            let numbers = { (text: String) in text.matches(of: /[0-9]+/).map { String($0.output) } }
            #expect(numbers(text.english) == numbers(text.german))
            #expect(text.text(in: .english) == text.english && text.text(in: .german) == text.german)
        }
    }

    @Test func `a refusal has its text in each language, and its message in English`() {
        let refusals = PasswordRules(minLength: 12).refusals(of: Password("12345678"), field: "password")
        #expect(refusals.map(\.code) == [.passwordTooShort, .passwordTooCommon, .passwordEntirelyNumeric])
        for refusal in refusals {
            #expect(refusal.text(in: .english) == refusal.message)
            #expect(refusal.text(in: .german) != refusal.message)
        }
        #expect(refusals.first?.text(in: .german).contains("mindestens 12 Zeichen") == true)
    }

    @Test func `an application's refusal has the translations that it was given`() {
        let plain = Refusal(.invalid, field: "email", "Not you.")
        #expect(plain.text(in: .german) == "Not you.")
        var translated = Refusal(.invalid, field: "email", "Not you.", translations: [.german: "Nicht Sie."])
        #expect(translated.text(in: .german) == "Nicht Sie.")
        #expect(translated.text(in: .english) == "Not you.")
        #expect(translated == plain)
        translated.message = "Nor you."
        #expect(translated.text(in: .german) == "Nor you.")
    }
}
