// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird
import Testing

@testable import AuthServer

@Suite struct PlainJSONTests {
    private static func encoded(_ value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static let ordinary: [JSONValue] = [
        .null, true, false, 0, -1, .integer(.max), .integer(.min), "", "a/b", "Zoë 😀", "\"quoted\" \\", [],
        [:],
        .number(0), .number(1), .number(1_795_762_641.659), .number(0.001), .number(123_456_789_012.25),
        ["b": 1, "a_b": [true, .null], "ab": ["z": "ü", "a": "<&>"], "a": "\u{2028}", "_": [:]],
        [
            "status": 200, "meta": ["is_authenticated": true, "session_token": "x-_"],
            "data": ["methods": [["at": .number(1_795_762_641.5), "method": "password"]]],
        ],
    ]

    @Test(arguments: ordinary)
    func `ordinary values are written as the encoder writes them`(_ value: JSONValue) throws {
        let bytes = try #require(PlainJSON.bytes(of: value))
        #expect(String(decoding: bytes, as: UTF8.self) == (try Self.encoded(value)))
    }

    private static let others: [JSONValue] = [
        "line\nbreak", "\u{1}", "\u{7F}", .number(.infinity), .number(.nan), .number(-0.0), .number(1e300),
        .number(1e-300), ["Name": 1], ["é": 1], ["a2": 1], ["a": "\t"], [[[[[[[[[[1]]]]]]]]]],
    ]

    @Test(arguments: others)
    func `other values are left to the encoder`(_ value: JSONValue) {
        #expect(PlainJSON.bytes(of: value) == nil)
    }

    @Test func `a response contains what the encoder writes`() async throws {
        for value in Self.ordinary + ["line\nbreak", ["Name": ["é": "\u{1}"]]] {
            let response = try Response.json(value)
            #expect(response.body.contentLength == (try Self.encoded(value)).utf8.count)
        }
    }
}
