// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct PercentCodingTests {
    @Test(arguments: [
        ("", ""), ("plain-._~", "plain-._~"), ("%41%7a%7A", "Azz"), ("%C3%A9", "é"), ("é", "é"),
        ("a+b", "a+b"),
        ("%25", "%"), ("%2541", "%41"),
    ])
    func `decodes UTF-8 once`(text: String, decoded: String) {
        #expect(PercentCoding.decode(text) == decoded)
        #expect(PercentCoding.decode(Array(text.utf8)) == decoded)
    }

    @Test(arguments: ["%", "%4", "%4g", "%g4", "a%", "%00", "a\0", "%ff", "%C3", "%C3%28", "%+1", "% 1"])
    func `rejects malformed encoding, invalid UTF-8 and NUL`(text: String) {
        #expect(PercentCoding.decode(text) == nil)
        #expect(PercentCoding.decode(text, plusIsSpace: true) == nil)
    }

    @Test func `plus is a space in forms only`() {
        #expect(PercentCoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
        #expect(PercentCoding.decode("a+b%2B") == "a+b+")
    }

    @Test func `encodes every byte that is not unreserved, and decodes to the same text`() {
        #expect(PercentCoding.encode("aZ09-._~ /:é\n") == "aZ09-._~%20%2F%3A%C3%A9%0A")
        let all = String(String.UnicodeScalarView((1...0x2FF).compactMap(Unicode.Scalar.init)))
        #expect(PercentCoding.decode(PercentCoding.encode(all)) == all)
        #expect(PercentCoding.decode(PercentCoding.encode(all), plusIsSpace: true) == all)
    }
}

@Suite struct HexadecimalTests {
    @Test func `writes two digits a byte`() {
        #expect(Hexadecimal.text(of: [0, 9, 10, 0x7F, 0xFF]) == "00090a7fff")
        #expect(Hexadecimal.text(of: [0xAB, 1], upperCase: true) == "AB01")
        #expect(Hexadecimal.text(of: []) == "")
    }

    @Test func `reads digits of either case and nothing else`() {
        for byte in UInt8.min...UInt8.max {
            let expected = byte < 0x80 ? Character(Unicode.Scalar(byte)).hexDigitValue : nil
            #expect(Hexadecimal.value(of: byte).map(Int.init) == expected)
        }
        for value in UInt8(0)..<16 {
            #expect(Hexadecimal.value(of: Hexadecimal.digit(value)) == value)
            #expect(Hexadecimal.value(of: Hexadecimal.digit(value, upperCase: true)) == value)
        }
    }
}
