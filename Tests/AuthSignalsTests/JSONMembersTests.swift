// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

/// Member names that Swift compares as equal strings but that differ in bytes: each keeps its member.
@Suite struct JSONMembersTests {
    private static let text = "{\"a\":{\"e\u{301}\":1,\"\u{E9}\":[{\"K\":true,\"\u{212A}\":null}]}}"

    private func value(_ text: String) throws -> JSONValue { try JSONValue.reading(Data(text.utf8)) }

    @Test func `keeps every member when reading and writing`() throws {
        let value = try value(Self.text)
        #expect(value["a"]?["e\u{301}"] == 1)
        guard case .array(let elements)? = value["a"]?["\u{E9}"], let inner = elements.first else {
            Issue.record("not a list")
            return
        }
        #expect(inner["K"] == true)
        #expect(inner["\u{212A}"] == JSONValue.null)
        #expect(inner["k"] == nil)
        #expect(String(decoding: try value.written(), as: UTF8.self).utf8.elementsEqual(Self.text.utf8))
    }

    @Test(arguments: [
        #"{"\u00e9":1,"e\u0301":2}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}",
        " {\"\u{E9}\" : 1 ,\n\"e\u{301}\":2 } ",
    ])
    func `reads escaped member names`(text: String) throws {
        let value = try value(text)
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test(arguments: [
        "{}", "[]", "null", "1", "-2.5", #""a\"b\\""#, #"{"a":1,"b":[true,{"c":"\u00fc"}],"ü":{"ö":[]}}"#,
        #"{"é":"x","b":[1,2]}"#,
        #"{"é":1e2,"b":9007199254740993}"#,
    ])
    func `reads any other JSON as JSONDecoder does`(text: String) throws {
        #expect(try value(text) == JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test(arguments: ["", "{", "é", "{\"é\":}", "[1,", "{\"é\":1"])
    func `rejects text that is not JSON`(text: String) {
        #expect(throws: (any Error).self) { try value(text) }
    }

    @Test func `rejects text that is nested too deeply`() {
        let text = String(repeating: "{\"\u{E9}\":", count: 60) + "1" + String(repeating: "}", count: 60)
        #expect(throws: (any Error).self) { try value(text) }
    }

    @Test func `passes through Foundation's coders inside another value`() throws {
        struct Holder: Codable, Equatable { var profile: JSONValue }
        let holder = Holder(profile: try value(Self.text))
        let stored = try SignalCodec.encoder().encode(holder)
        #expect(try SignalCodec.decoder().decode(Holder.self, from: stored) == holder)
        let written = try SignalCodec.bytes(of: holder)
        #expect(
            String(decoding: written, as: UTF8.self).utf8.elementsEqual("{\"profile\":\(Self.text)}".utf8))
    }

    @Test(arguments: [
        #"{"\u0000json":"[1]"}"#, #"{"\u0000json":"{"}"#, #"{"\u0000json":1}"#, #"{"\u0000json":"x","b":1}"#,
        #"{"\u0000json":""}"#,
    ])
    func `a foreign member with the name of the internal marker is an ordinary member`(text: String) throws {
        let value = try value(text)
        #expect(value.members?.isEmpty == false)
        #expect(try JSONValue.reading(value.written()) == value)
    }

    @Test func `a signal carries every member of a provider profile`() throws {
        var sociallogin = SampleSignals.sociallogin
        sociallogin.extraData = try value(Self.text)
        let signal = SocialAccountAdded(
            request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin)
        let draft = try SampleSignals.codec().draft(signal, at: SampleSignals.time)
        #expect(draft.data.range(of: Data(("\"extra_data\":" + Self.text).utf8)) != nil)
    }

    @Test func `redacts personal members in an object with such names`() throws {
        let shown = Redaction.catalog.redact(try value("{\"\u{E9}\":1,\"e\u{301}\":2,\"email\":\"a@x.org\"}"))
        #expect(shown["email"] == "…")
        #expect(shown["e\u{301}"] == 2)
    }
}
