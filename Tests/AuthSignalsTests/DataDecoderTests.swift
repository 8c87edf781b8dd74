// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthSignals

/// `DataDecoder` has the same result as `JSONDecoder`, or none.
@Suite struct DataDecoderTests {
    /// Members of many types, all optional, so that random data fits often.
    private struct Payload: Codable, Equatable {
        var a: Int?
        var b: Double?
        var c: [String: Int]?
        var d: [Payload]?
        var e: Bool?
        var f: UUID?
        var g: Date?
        var h: String?
        var i: [String?]?
        var j: UInt8?
        @Personal var p: String?
        var q: JSONValue?
    }

    /// Tries a number first, as types with several forms do.
    private struct NumberOrText: Codable, Equatable {
        var text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    /// Writes random JSON.
    private struct Writer {
        static let names = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "p", "q", "\\u0061", "é", "",
        ]
        static let scalars = [
            "1", "-1", "0", "-0", "1.5", "1.0", "1e2", "300", "123456789012345678", "12345678901234567890",
            "true", "false", "null", "\"\"", "\"x\\ny\"", "\"é\"", "{}", "[]",
            "\"2026-11-23T08:00:00.123Z\"", "\"0194e1f0-7b7c-7d52-8a44-3f7a8c1d2e3f\"",
        ]
        var random: SeededGenerator

        mutating func value(depth: Int = 0) -> String {
            let choice = Int.random(in: 0..<10, using: &random)
            if depth < 3, choice < (depth == 0 ? 7 : 3) { return object(depth) }
            if depth < 3, choice < (depth == 0 ? 10 : 5) { return array(depth) }
            return Self.scalars.randomElement(using: &random) ?? "0"
        }

        private mutating func object(_ depth: Int) -> String {
            var members: [String] = []
            var used: Set<String> = []
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                let name = Self.names.randomElement(using: &random) ?? "a"
                if used.insert(name).inserted { members.append("\"\(name)\" : " + value(depth: depth + 1)) }
            }
            return "{" + members.joined(separator: " , ") + "}"
        }

        private mutating func array(_ depth: Int) -> String {
            var elements: [String] = []
            for _ in 0..<Int.random(in: 0..<4, using: &random) { elements.append(value(depth: depth + 1)) }
            return "[" + elements.joined(separator: ",") + "]"
        }
    }

    /// - Returns: Whether `DataDecoder` has decoded the data.
    private func compare<T: Codable & Equatable>(_ type: T.Type, _ data: Data, _ place: String) -> Bool {
        guard let value = DataDecoder.decode(type, from: data) else { return false }
        let expected = try? SignalCodec.decoder().decode(type, from: data)
        if expected != value {
            Issue.record("\(place), \(T.self): \(String(decoding: data, as: UTF8.self))")
        }
        return true
    }

    @Test(arguments: TestSeed.many(4))
    func `random data has the same result as with JSONDecoder`(_ seed: UInt64) {
        var writer = Writer(random: SeededGenerator(seed: seed))
        var decoded = 0
        for round in 0..<2000 {
            let data = Data(writer.value().utf8)
            // Two spellings of one name are duplicates.
            guard (try? StrictJSON.validate(data, maximumDepth: 8)) != nil else { continue }
            let place = "seed \(seed), round \(round)"
            if compare(Payload.self, data, place) { decoded += 1 }
            if compare([Payload].self, data, place) { decoded += 1 }
            if compare([String: [Int?]].self, data, place) { decoded += 1 }
            if compare([UUID].self, data, place) { decoded += 1 }
            if compare([Double].self, data, place) { decoded += 1 }
            if compare([NumberOrText].self, data, place) { decoded += 1 }
            if compare(JSONValue.self, data, place) { decoded += 1 }
        }
        #expect(decoded > 200, "seed \(seed)")
    }

    @Test(arguments: SampleSignals.all.indices)
    func `every signal of the catalogue is decoded as by JSONDecoder`(_ index: Int) throws {
        try expectSame(SampleSignals.all[index])
    }

    private func expectSame<S: Signal>(_ signal: S) throws {
        let event = try SignalCodec.event(from: try SampleSignals.message(of: signal).body)
        let place = try #require(event.dataPlace)
        let data = event.body.subdata(in: place)
        let decoded = try #require(DataDecoder.decode(S.self, from: data), "\(S.name)")
        let expected = try SignalCodec.decoder().decode(S.self, from: data)
        #expect(try SignalCodec.encoder().encode(decoded) == SignalCodec.encoder().encode(expected))
    }

    @Test func `a type that catches an error of a number in an unusual form gets JSONDecoder's value`() {
        let data = Data("1e2".utf8)
        #expect(DataDecoder.decode(NumberOrText.self, from: data) == nil)
        #expect(DataDecoder.decode(NumberOrText.self, from: Data("7".utf8))?.text == "7.0")
    }

    @Test func `values in unusual forms are left to JSONDecoder`() {
        #expect(DataDecoder.decode([Int].self, from: Data("[1.0]".utf8)) == nil)
        #expect(DataDecoder.decode([Double].self, from: Data("[-0]".utf8)) == nil)
        #expect(DataDecoder.decode([String: Int].self, from: Data(#"{"é":1}"#.utf8)) == nil)
        #expect(DataDecoder.decode([Data].self, from: Data(#"["AA=="]"#.utf8)) == nil)
        #expect(DataDecoder.decode(Payload.self, from: Data(#"{"j":256}"#.utf8)) == nil)
    }

    @Test func `the end of a run of plain bytes is exact at every offset`() {
        for special in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00, 0x1F, 0x80, 0xFF] {
            for count in 0..<20 {
                for place in 0..<count {
                    var bytes = [UInt8](repeating: 0x21, count: count)
                    bytes[place] = special
                    let end = bytes.withUnsafeBytes { StrictJSON.endOfPlain($0, from: 0) }
                    #expect(end == place)
                }
            }
        }
    }
}
