// SPDX-License-Identifier: Apache-2.0

/// One text in every language. A text that lacks a language does not compile.
package struct TranslatedText: Hashable, Sendable {
    package let english: String
    package let german: String

    package init(english: String, german: String) {
        self.english = english
        self.german = german
    }

    /// The texts other than the English one.
    var translations: [Language: String] { [.german: german] }

    package func text(in language: Language) -> String {
        language == .german ? german : english
    }
}
