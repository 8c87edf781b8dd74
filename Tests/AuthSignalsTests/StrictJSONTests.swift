// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthSignals

@Suite struct StrictJSONTests {
    private func fault(_ bytes: some ContiguousBytes, depth: Int = 33) -> StrictJSON.Fault? {
        do throws(StrictJSON.Fault) {
            try StrictJSON.validate(bytes, maximumDepth: depth)
            return nil
        } catch { return error }
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "10", "-2.5e+3", "0.5E-7", "1e308", "1e-999", #""""#, #""é😀""#,
        " { } ",
        "[ ]", "\t\r\n[1,\n{}]", #"{"a":[1,-2.5e+3,true,null,{"x":"\u00e9\ud83d\uDE00"}],"b":{},"c":[]}"#,
        #"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#, #""\"\\\/\b\f\n\r\t""#, "\"\u{7F}\"",
        #"{"Name":1,"name":2}"#, "{\"é\":1,\"e\u{301}\":2}", "{\"\u{212A}\":1,\"K\":2}",
        "\"\u{2028}\u{FFFF}\"",
    ])
    func `accepts JSON of RFC 8259`(_ text: String) {
        #expect(fault(Data(text.utf8)) == nil)
    }

    @Test(arguments: [
        ("", StrictJSON.Fault.Reason.incomplete, 0), (" ", .incomplete, 1), ("{", .incomplete, 1),
        (#"{"a""#, .incomplete, 4), (#"{"a":1"#, .incomplete, 6), ("\"abc", .incomplete, 4),
        ("tru", .incomplete, 3),
        ("-", .incomplete, 1), (#""\u12"#, .incomplete, 5), (#""\"#, .incomplete, 2),
        ("[1,]", .trailingComma, 3), (#"{"a":1 , }"#, .trailingComma, 9), ("[,1]", .unexpectedByte, 1),
        ("{,}", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("{1:2}", .unexpectedByte, 1),
        ("{'a':1}", .unexpectedByte, 1), (#"{"a" 1}"#, .unexpectedByte, 5), ("[1}", .unexpectedByte, 2),
        ("NaN", .unexpectedByte, 0), ("Infinity", .unexpectedByte, 0), ("nul0", .unexpectedByte, 3),
        ("// x\n1", .unexpectedByte, 0), ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0),
        ("{}{}", .textAfterValue, 2), ("1 2", .textAfterValue, 2), ("{}\u{0}", .textAfterValue, 2),
        ("\u{FEFF}{}", .byteOrderMark, 0), ("\"a\u{1}\"", .controlCharacter, 2),
        ("\"a\nb\"", .controlCharacter, 2),
        (#""\x""#, .invalidEscape, 1), (#""\u00g0""#, .invalidEscape, 1), ("01", .invalidNumber, 0),
        ("-01", .invalidNumber, 0), ("1e309", .invalidNumber, 0), ("[-1e999]", .invalidNumber, 1),
        (String(repeating: "9", count: 400), .invalidNumber, 0), ("[1.]", .invalidNumber, 1),
        ("1.2.3", .invalidNumber, 0),
        ("[1e+]", .invalidNumber, 1), ("--1", .invalidNumber, 0), (#""a\ud800""#, .loneSurrogate, 2),
        (#""\udc00""#, .loneSurrogate, 1), (#""\ud800\u0041""#, .loneSurrogate, 1),
        (#""\ud800\n""#, .loneSurrogate, 1), (#"{"\udfff":1}"#, .loneSurrogate, 2),
    ])
    func `rejects anything else and reports the byte offset`(
        _ text: String, _ reason: StrictJSON.Fault.Reason, _ offset: Int
    ) {
        #expect(fault(Data(text.utf8)) == StrictJSON.Fault(reason, at: offset))
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80],
        ] as [[UInt8]])
    func `rejects a string that is not UTF-8`(_ wrong: [UInt8]) {
        for rest in ["", "\"", "\"                "] {
            #expect(
                fault(Array("\"long enough for whole words".utf8) + wrong + Array(rest.utf8))
                    == StrictJSON.Fault(.notUTF8, at: 28))
        }
    }

    @Test(arguments: [
        #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"y":[{"a":1,"a":1}]}}"#, #"{"":1,"":2}"#,
        #"{"é":1,"\u00e9":2}"#, #"{"\/":1,"/":2}"#,
    ])
    func `rejects duplicate member names in an object, escaped or not`(_ text: String) {
        #expect(fault(Data(text.utf8))?.reason == .duplicateMember)
    }

    @Test func `finds a duplicate name among a thousand members`() {
        let names = (0..<1000).map { "\"n\($0)\":0" }
        #expect(fault(Data("{\(names.joined(separator: ","))}".utf8)) == nil)
        for again in [0, 15, 16, 999] {
            let text = "{\(names.joined(separator: ",")),\"n\(again)\":0}"
            #expect(
                fault(Data(text.utf8))
                    == StrictJSON.Fault(.duplicateMember, at: text.utf8.count - "n\(again)\":0}".utf8.count))
        }
        // Equal names in an enclosing or nested object are not duplicates.
        let nested = "{\(names.joined(separator: ",")),\"x\":{\(names.joined(separator: ","))}}"
        #expect(fault(Data(nested.utf8)) == nil)
    }

    @Test func `limits the nesting depth and survives a million brackets`() {
        let deep = { (levels: Int) in
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(fault(Data(deep(33).utf8)) == nil)
        #expect(fault(Data(deep(34).utf8)) == StrictJSON.Fault(.tooDeep, at: 33))
        #expect(fault(Data("1".utf8), depth: 0) == nil)
        #expect(fault(Data("{}".utf8), depth: 0) == StrictJSON.Fault(.tooDeep, at: 0))
        #expect(fault(Data(deep(1_000_000).utf8))?.reason == .tooDeep)
        #expect(fault(Data(deep(1_000_000).utf8), depth: .max) == nil)
    }

    @Test func `the description of a fault does not quote the text`() {
        let fault = fault(Data(#"{"jane@example.org":1,"jane@example.org":2}"#.utf8))
        #expect(fault?.description == "member's name twice in one object at byte 23")
    }

    @Test func `Foundation also parses every mutated text that is accepted`() throws {
        let whole = Array(#"{"a":[1,-2.5,true,null,{"x":"\u00e9\ud83d\ude00é"}],"b":{},"c":[]}"#.utf8)
        let favourites = Array(#"{}[]",:\ue0d8-+.1tfn "#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xFF]
        var generator = SeededGenerator(seed: 23)
        var valid = 0
        for _ in 0..<8000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = favourites.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                default: bytes.remove(at: place)
                }
            }
            guard fault(bytes) == nil else { continue }
            valid += 1
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
        #expect(valid > 100)
    }
}
