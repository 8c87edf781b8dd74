// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthFlows

/// RFC 9110, sections 12.4.2 and 12.5.4, and RFC 4647, section 3.4.
@Suite struct AcceptLanguageTests {
    private func preferred(
        _ header: String?, among languages: [Language] = Language.all, default fallback: Language = .english
    ) -> Language {
        Language.preferred(acceptLanguage: header, among: languages, default: fallback)
    }

    @Test(
        arguments: [
            ("de", "de"), ("en", "en"), ("DE", "de"), ("de-DE,de;q=0.9,en;q=0.8", "de"),
            ("en;q=0.8,de;q=0.9", "de"), ("de;q=0.8, en", "en"), ("de;q=0.5,en;q=0.5", "de"),
            ("en;q=0.5,de;q=0.5", "en"), ("de-AT-1996", "de"), ("de-x-private", "de"), ("fr,de;q=0.1", "de"),
            ("fr-CH, de-CH;q=0.999, en;q=0.99", "de"), ("de ; q=0.3 , en ;q=0.2", "de"),
            ("\tde\t", "de"), ("de;Q=1", "de"), ("de;q=1.000,en", "de"), ("de;q=0.", "en"),
            (",,de,,", "de"), ("de,\u{301}x", "de"), ("*;q=0.5, de;q=0.1", "de"),
        ])
    func `chooses by weight, then by order, with subtags removed`(_ header: String, _ code: String) {
        #expect(preferred(header).code == code)
    }

    @Test(
        arguments: [
            nil, "", "*", "fr", "fr;q=0.9, *;q=0.1", "deu", "d", "de_DE", "-de", "de-", "de--AT", "1de",
            "de;q=2", "de;q=1.001", "de;q=0.1234", "de;q=", "de;q", "de;q=-1", "de;q=1e3", "de;x=1",
            "de;q=0.5;q=0.5", "de;q=\u{0663}", "d\u{E9}", "\u{1F1E9}\u{1F1EA}", "de\u{301}",
            "\0", "de\0",
        ] as [String?])
    func `what names no language expresses no preference`(_ header: String?) {
        #expect(preferred(header) == .english)
    }

    @Test func `a refused language is not chosen`() {
        #expect(preferred("de;q=0", default: .german) == .english)
        #expect(preferred("de;q=0.000, *", default: .german) == .english)
        #expect(preferred("de-AT, de;q=0") == .english)
        #expect(preferred("en;q=0") == .german)
        #expect(preferred("en;q=0, de;q=0") == .english)
    }

    @Test func `only the allowed languages are chosen`() {
        #expect(preferred("de, en;q=0.1", among: [.english]) == .english)
        #expect(preferred("de", among: [.english]) == .english)
        #expect(preferred("de", among: [], default: .german) == .german)
        #expect(Language.match(acceptLanguage: "fr", among: Language.all) == nil)
        #expect(Language.match(acceptLanguage: "fr, de", among: Language.all) == .german)
    }

    @Test func `a header of more than 1,024 bytes expresses no preference`() {
        let filler = String(repeating: "x,", count: 511)
        #expect(preferred(filler + "de") == .german)
        #expect(preferred(filler + "de,") == .english)
        #expect(preferred(String(repeating: "de,", count: 1_000_000)) == .english)
    }

    @Test func `no header stops the process`() {
        var generator = SplitMix(state: 20)
        let pieces = [
            "de", "en", "-", "*", ";", "q", "=", "0", "1", ".", ",", " ", "\t", "\0", "\u{301}", "é", "x",
        ]
        for _ in 0..<5_000 {
            let count = Int(generator.next() % 40)
            let header = (0..<count).map { _ in pieces[Int(generator.next() % UInt64(pieces.count))] }
                .joined()
            #expect(Language.all.contains(preferred(header)))
        }
    }

    @Test func `a language has a code and is decoded from it`() throws {
        #expect(Language.all.map(\.code) == ["en", "de"])
        #expect(Language(code: "DE") == .german)
        for code in ["", "fr", "de-AT", "d", " de"] { #expect(Language(code: code) == nil) }
        let json = try JSONEncoder().encode(Language.all)
        #expect(String(decoding: json, as: UTF8.self) == #"["en","de"]"#)
        #expect(try JSONDecoder().decode([Language].self, from: json) == Language.all)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Language].self, from: Data(#"["fr"]"#.utf8))
        }
    }
}

/// Random numbers that are the same in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
