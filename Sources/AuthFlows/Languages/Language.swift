// SPDX-License-Identifier: Apache-2.0

/// A language that pages, mails and refusals are written in.
///
/// ```swift
/// let language = Language.preferred(
///     acceptLanguage: "de-AT, en;q=0.5", among: Language.all, default: .english)
/// print(language.code)  // de
/// ```
///
/// Every text exists in every language, so that a value of this type always has texts.
public struct Language: Hashable, Sendable {
    /// The language's tag in lower case: `en` (BCP 47).
    public let code: String

    private init(known code: String) { self.code = code }

    /// English, `en`. The headless API's texts are always English.
    public static let english = Language(known: "en")
    /// German, `de`.
    public static let german = Language(known: "de")

    /// All languages, in the order in which pages offer them.
    public static let all: [Language] = [.english, .german]

    /// The language with a code, in any letter case; nil if it has no texts.
    public init?(code: String) {
        guard let known = Self.all.first(where: { $0.code == code.lowercased() }) else { return nil }
        self = known
    }

    /// The language that a tag or a language range of a request stands for: `de` for `de-AT`. Nil if it has no texts
    /// in `languages`.
    ///
    /// The lookup of RFC 4647, section 3.4: subtags are removed from the end, together with a single letter before
    /// them, until the rest is the code of a language.
    ///
    /// - Parameter tag: any text; a text that is not a language range is nil.
    static func lookup(_ tag: String, among languages: [Language] = all) -> Language? {
        guard LanguageRange.isTag(tag.utf8) else { return nil }
        var subtags = tag.lowercased().split(separator: "-")
        while !subtags.isEmpty {
            let rest = subtags.joined(separator: "-")
            if let found = languages.first(where: { $0.code == rest }) { return found }
            subtags.removeLast()
            if subtags.last?.count == 1 { subtags.removeLast() }
        }
        return nil
    }
}

extension Language: Codable {
    /// Decodes the code.
    ///
    /// - Throws: `DecodingError` if the language has no texts. A stored value is read as a text instead, so that a
    ///   language that a later version wrote is not an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let known = Language(code: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a known language")
        }
        self = known
    }

    /// Encodes the code.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}

extension Language: CustomStringConvertible {
    public var description: String { code }
}
