// SPDX-License-Identifier: Apache-2.0

extension Language {
    /// The longest `Accept-Language` that is read, in bytes. A browser sends fewer than 200.
    static let longestHeader = 1024

    /// The language that a client prefers.
    ///
    /// The header is read as RFC 9110, section 12.5.4, defines it: language ranges with weights, compared by the lookup
    /// of RFC 4647, section 3.4. A range that matches nothing, `*`, a malformed range and a header of more than 1,024
    /// bytes express no preference.
    ///
    /// - Parameters:
    ///   - acceptLanguage: the header's value; several header lines are joined by commas. Any text.
    ///   - languages: the languages to choose from.
    ///   - fallback: the result if the client prefers none of them. If the client refuses it (`en;q=0`), the first one
    ///     that it does not refuse.
    public static func preferred(
        acceptLanguage: String?, among languages: [Language], default fallback: Language
    ) -> Language {
        if let match = match(acceptLanguage: acceptLanguage, among: languages) { return match }
        let refused = Set(
            ranges(in: acceptLanguage).filter(\.isRefusal).compactMap { Language(code: $0.tag) })
        guard refused.contains(fallback) else { return fallback }
        return languages.first { !refused.contains($0) } ?? fallback
    }

    /// The language that a client names and that is not refused; nil if it names none of `languages`.
    package static func match(acceptLanguage: String?, among languages: [Language]) -> Language? {
        let ranges = ranges(in: acceptLanguage)
        let refused = Set(ranges.filter(\.isRefusal).map(\.tag))
        let allowed = languages.filter { !refused.contains($0.code) }
        // Ranges of equal weight stay in the header's order.
        let preferred = ranges.enumerated().filter { !$0.element.isRefusal }.sorted {
            ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
        }
        for (_, range) in preferred {
            if let found = lookup(range.tag, among: allowed) { return found }
        }
        return nil
    }

    private static func ranges(in header: String?) -> [LanguageRange] {
        guard let header, header.utf8.count <= longestHeader else { return [] }
        return header.utf8.split(separator: UInt8(ascii: ",")).compactMap(LanguageRange.init)
    }
}

/// One element of `Accept-Language`: `de-AT;q=0.8`.
struct LanguageRange: Hashable {
    /// The language range in lower case; `*` matches every language.
    var tag: String
    /// The weight in thousandths, 0 to 1000.
    var weight: Int

    /// Whether the client does not accept the language: weight 0.
    var isRefusal: Bool { weight == 0 }

    /// Nil if the element is not a language range with an optional weight (RFC 9110, sections 12.5.4 and 12.4.2).
    init?(_ element: Substring.UTF8View) {
        let parts = element.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map(Self.withoutSpace)
        guard let first = parts.first, parts.count <= 2 else { return nil }
        let tag = String(Substring(first)).lowercased()
        guard tag == "*" || Self.isTag(first) else { return nil }
        self.tag = tag
        guard parts.count == 2 else {
            weight = 1000
            return
        }
        guard let weight = Self.weight(parts[1]) else { return nil }
        self.weight = weight
    }

    /// Whether a text has the form of a language range without `*`: subtags of 1 to 8 ASCII letters or digits, the
    /// first of letters (RFC 4647, section 2.1).
    static func isTag(_ text: some Collection<UInt8>) -> Bool {
        let subtags = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let first = subtags.first, first.allSatisfy(isLetter) else { return false }
        return subtags.allSatisfy {
            (1...8).contains($0.count) && $0.allSatisfy { isLetter($0) || isDigit($0) }
        }
    }

    /// The thousandths of `q=0.8`: at most three digits after the point, and at most 1.
    private static func weight(_ parameter: Substring.UTF8View) -> Int? {
        let text = Array(parameter)
        guard text.count >= 3, text[0] | 0x20 == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=") else {
            return nil
        }
        let number = text[2...]
        guard let whole = number.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else {
            return nil
        }
        var digits = number.dropFirst()
        if let point = digits.first {
            guard point == UInt8(ascii: ".") else { return nil }
            digits = digits.dropFirst()
        }
        guard digits.count <= 3, digits.allSatisfy(isDigit) else { return nil }
        var thousandths = whole == UInt8(ascii: "1") ? 1 : 0
        for place in 0..<3 {
            let digit = digits.dropFirst(place).first ?? UInt8(ascii: "0")
            thousandths = thousandths * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return thousandths <= 1000 ? thousandths : nil
    }

    private static func withoutSpace(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = text.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return start.prefix(0) }
        return start[...last]
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
