// SPDX-License-Identifier: Apache-2.0
import AuthFlows

/// A text of the pages, in every language.
///
/// The texts are in the other files of this folder, as static members. A text cannot be declared without one of its
/// translations, so that a page is never in two languages.
struct PageText: Hashable, Sendable {
    private let english: String
    private let german: String

    /// - Parameters:
    ///   - english: the text, without markup.
    ///   - german: its translation; it addresses the user as “Sie”.
    init(_ english: String, de german: String) {
        self.english = english
        self.german = german
    }

    /// A name or a value that is the same in every language.
    static func verbatim(_ text: String) -> PageText { PageText(text, de: text) }

    /// The text in a language.
    func text(in language: Language) -> String { language == .german ? german : english }
}
