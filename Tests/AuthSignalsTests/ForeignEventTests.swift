// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

/// Events that other versions, other publishers and attackers may send.
@Suite struct ForeignEventTests {
    /// An event with `data`. Attributes are replaced, or omitted if the replacement is empty.
    private func body(_ data: String, replacing: [String: String] = [:]) -> Data {
        var attributes = [
            "specversion": #""1.0""#, "id": #""0199f0c2-0000-7000-8000-0000000000bb""#,
            "source": #""https://a.example""#, "type": #""account.password_set""#,
            "time": #""2026-11-23T08:00:00.123Z""#, "sequence": #""00000000000000000007""#,
        ]
        attributes.merge(replacing) { $1 }
        let members =
            attributes.filter { !$0.value.isEmpty }.map { "\"\($0.key)\":\($0.value)" } + ["\"data\":" + data]
        return Data("{\(members.joined(separator: ","))}".utf8)
    }

    private let data = #"""
        {"request":{"id":"0199f0c2-0000-7000-8000-0000000000aa","client":"app","profile":"standard"},
         "user":{"id":"1","is_active":true,"date_joined":"2026-11-23T08:00:00Z"}}
        """#

    private func expectMalformed(
        _ body: Data, _ about: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(sourceLocation: sourceLocation) {
            _ = try SignalCodec.event(from: body)
        } throws: { error in
            let error = error as? SignalError
            return error?.code == .malformed && (about.isEmpty || error!.message.contains(about))
        }
    }

    // MARK: Accepted events

    @Test func `reads the smallest event`() throws {
        let event = try SignalCodec.event(from: body(data))
        #expect(event.id == UUID(uuidString: "0199f0c2-0000-7000-8000-0000000000bb"))
        #expect(event.source == "https://a.example")
        #expect(event.name == PasswordSet.name)
        #expect(event.sequence == 7)
        #expect(event.time == Date(timeIntervalSince1970: 1_795_420_800.123))
        #expect(event.subject == nil && event.correlationID == nil && event.dataSchema == nil)
        let signal = try event.decode(PasswordSet.self)
        #expect(signal.user.id == "1")
        #expect(signal.user.email == nil && signal.user.lastLogin == nil)
    }

    @Test func `ignores unknown members in the envelope and in the data`() throws {
        let more = data.replacing(#""user":{"#, with: #""new":[{}],"user":{"x":{"y":[1]},"#)
        let event = try SignalCodec.event(
            from: body(more, replacing: ["traceparent": #""00-…""#, "partitionkey": "7", "x": "null"]))
        #expect(try event.decode(PasswordSet.self).user.id == "1")
    }

    @Test func `reads null like an absent member`() throws {
        let nulls = data.replacing(
            #""is_active""#, with: #""email":null,"last_login":null,"username":null,"is_active""#)
        let event = try SignalCodec.event(
            from: body(nulls, replacing: ["subject": "null", "sequence": "null", "correlationid": "null"]))
        #expect(event.subject == nil && event.sequence == nil)
        let absent = try SignalCodec.event(from: body(data, replacing: ["sequence": ""]))
        #expect(absent.sequence == nil)
        #expect(try event.decode(PasswordSet.self) == absent.decode(PasswordSet.self))
    }

    @Test func `keeps unknown enumeration values and writes them again`() throws {
        let body = Data(
            String(decoding: try SampleSignals.message(of: SampleSignals.all[11]).body, as: UTF8.self)
                .replacing(#""outcome":"denied""#, with: #""outcome":"postponed""#)
                .replacing(#""client":"browser""#, with: #""client":"fridge""#)
                .replacing(#""process":"login""#, with: #""process":"merge""#).utf8)
        let signal = try SignalCodec.event(from: body).decode(PreSocialLogin.self)
        #expect(signal.outcome.rawValue == "postponed")
        #expect(signal.request.client.rawValue == "fridge")
        #expect(signal.sociallogin.process.rawValue == "merge")
        let again = String(decoding: try SampleSignals.message(of: signal).body, as: UTF8.self)
        #expect(again == String(decoding: body, as: UTF8.self))
    }

    @Test func `reads a log-in with an unknown method`() throws {
        let body = Data(
            String(decoding: try SampleSignals.message(of: SampleSignals.all[0]).body, as: UTF8.self)
                .replacing(#"["socialaccount","mfa"]"#, with: #"["palm_reading"]"#).utf8)
        let signal = try SignalCodec.event(from: body).decode(UserLoggedIn.self)
        #expect(signal.methods.map(\.rawValue) == ["palm_reading"])
    }

    @Test func `reads a signal that this version does not declare as JSON`() throws {
        let event = try SignalCodec.event(
            from: body(#"{"device":"x","n":1}"#, replacing: ["type": #""mfa.authenticator_added""#]))
        #expect(event.name == "mfa.authenticator_added")
        #expect(try event.json() == ["device": "x", "n": 1])
    }

    // MARK: Rejected events

    @Test(arguments: [
        "", " ", "null", "true", "1", "\"text\"", "[]", "{}", "{", "{]", #"{"specversion""#, "\u{FEFF}",
        "<xml/>",
        "{\"a\":\u{1}}", "'{}'", #"{"specversion":"\ud800"}"#, "NaN", "{}{}",
    ])
    func `a body that is not an event is malformed`(text: String) {
        expectMalformed(Data(text.utf8))
    }

    @Test(arguments: ["specversion", "id", "source", "type", "time"])
    func `names a missing, null or wrongly typed attribute`(attribute: String) {
        for replacement in ["", "null", "1", "true", "{}", "[\"x\"]", #""""#] {
            expectMalformed(body(data, replacing: [attribute: replacement]), attribute)
        }
    }

    @Test(arguments: [
        ("specversion", "0.3"), ("id", "17"), ("id", "0199f0c2"), ("type", "Account"), ("type", "account.#"),
        ("type", "account"), ("time", "yesterday"), ("time", "2026-02-30T00:00:00Z"), ("sequence", "-1"),
        ("sequence", "+1"), ("sequence", "1e3"), ("sequence", ""), ("sequence", "99999999999999999999"),
    ])
    func `names a malformed attribute without quoting it`(attribute: String, value: String) {
        expectMalformed(body(data, replacing: [attribute: "\"\(value)\""]), attribute)
    }

    @Test(arguments: ["null", "1", "\"x\"", "[]", "[{}]"])
    func `data that is not an object is malformed`(data: String) {
        expectMalformed(body(data), "data")
    }

    @Test(arguments: [
        (#""id":"1","#, #""id":"1","id":"2","#), (#""id":"1","#, #""id":"1","\u0069d":"2","#),
        (#""1""#, #""1","#), ("}}", "},}"), ("}}", "}},"), (#""1""#, #""\ud83d""#), (#""1""#, "\"\t\""),
        ("true", "True"), ("true", "01"), ("true", "NaN"), (#""app""#, #"'app'"#), (#""app""#, #""app"/**/"#),
    ])
    func `a body that parsers read differently is malformed`(_ part: String, _ other: String) {
        #expect(data.contains(part))
        expectMalformed(body(data.replacing(part, with: other)), "at byte")
    }

    @Test(arguments: [
        #","id":"0199f0c2-0000-7000-8000-0000000000cc""#, #","typ\u0065":"x.y""#, #","data":{}"#, ",",
    ])
    func `a duplicate attribute or a trailing comma is malformed`(_ more: String) {
        let text = String(decoding: body(data), as: UTF8.self)
        expectMalformed(Data((text.dropLast() + more + "}").utf8), "at byte")
    }

    @Test(arguments: [
        ("subject", #""""#), ("dataschema", #""""#), ("dataschema", #""no scheme""#),
        ("dataschema", #""relative/1""#),
        ("source", #""""#), ("source", #""with a space""#), ("source", #""%zz""#), ("specversion", #""1""#),
        ("specversion", "1.0"), ("subject", "1"), ("subject", "{}"), ("datacontenttype", #""""#),
        ("datacontenttype", #""json""#), ("datacontenttype", "1"), ("correlationid", "7"), ("time", #""""#),
        ("time", #""2026-11-23""#), ("time", #""2026-11-23T08:00:00""#),
    ])
    func `an attribute that violates CloudEvents is malformed and named`(_ attribute: String, _ value: String)
    {
        expectMalformed(body(data, replacing: [attribute: value]), attribute)
    }

    @Test(arguments: [
        ("partitionKey", #""x""#), ("data_base64", #""e30=""#), ("trace-id", #""x""#), ("", #""x""#),
        ("é", #""x""#),
        ("more", "[1]"), ("more", "{}"), ("more", "1.5"), ("more", "2147483648"), ("more", "1e3"),
    ])
    func `an extension attribute that violates CloudEvents is malformed`(_ attribute: String, _ value: String)
    {
        expectMalformed(body(data, replacing: [attribute: value]), "attribute")
    }

    @Test func `reads unusual attributes that CloudEvents allows`() throws {
        let event = try SignalCodec.event(
            from: body(
                data,
                replacing: [
                    "datacontenttype": #""application/json; charset=utf-8""#, "dataschema": #""urn:x""#,
                    "source": #""/relative?x=%20#é""#, "subject": #""a\u0020b\n""#, "more": "-2147483648",
                    "other": "false", "i\\u0074": #""x""#,
                ]))
        #expect(
            event.source == "/relative?x=%20#é" && event.subject == "a b\n" && event.dataSchema == "urn:x")
    }

    @Test func `bytes that are not UTF-8 are malformed`() {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            var bad = Data(#"{"specversion":"1.0","x":""#.utf8)
            bad.append(contentsOf: bytes)
            bad.append(Data(#"",""#.utf8) + body(data).dropFirst(2))
            expectMalformed(bad)
        }
        expectMalformed(String(decoding: body(data), as: UTF8.self).data(using: .utf16LittleEndian)!)
        expectMalformed(String(decoding: body(data), as: UTF8.self).data(using: .utf32)!)
    }

    @Test(arguments: ["[", #"{"a":"#])
    func `a hundred thousand levels of nesting are an error, not a crash`(opening: String) throws {
        expectMalformed(Data(String(repeating: opening, count: 100_000).utf8))
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        expectMalformed(body(#"{"x":\#(deep)}"#))
    }

    @Test func `reads and writes nesting up to the limit and rejects deeper nesting`() throws {
        func deep(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels)
        }
        // "data" and "x" are two levels.
        let most = JSONValue.largestDepth - 1
        let value = try SignalCodec.event(from: body(#"{"x":\#(deep(most))}"#)).json()
        #expect(
            String(decoding: try SignalCodec.encoder().encode(value), as: UTF8.self)
                == #"{"x":\#(deep(most))}"#)
        expectMalformed(body(#"{"x":\#(deep(most + 1))}"#), "nested too deeply")
    }

    @Test func `does not emit a profile that is nested too deeply to be read`() {
        var profile: JSONValue = 1
        for _ in 0...JSONValue.largestDepth { profile = [profile] }
        var sociallogin = SampleSignals.sociallogin
        sociallogin.extraData = profile
        #expect {
            try SampleSignals.message(
                of: SocialAccountAdded(
                    request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin))
        } throws: {
            ($0 as? SignalError)?.code == .notEncodable
        }
    }

    @Test func `rejects a body of more than a megabyte`() {
        expectMalformed(Data(repeating: UInt8(ascii: " "), count: 2 << 20), "bytes")
    }

    @Test(arguments: [(400, "1"), (400, #""""#), (28, "1"), (28, #""""#), (28, "[]")])
    func `processes a long body within seconds, however it is nested`(depth: Int, leaf: String)
        throws
    {
        let leaves = Array(repeating: leaf, count: 15_000 / (leaf.utf8.count + 1)).joined(separator: ",")
        let deep = String(repeating: "[", count: depth) + leaves + String(repeating: "]", count: depth)
        let bytes = body(#"{"x":\#(deep)}"#)
        let took = ContinuousClock().measure { _ = try? SignalCodec.event(from: bytes).json() }
        #expect(took < .seconds(20))
    }

    @Test func `reports a wrong type in the data by its path, not by its value`() throws {
        let wrong: [(String, String)] = [
            (data.replacing("true", with: #""secret""#), "user.is_active has the wrong type"),
            (data.replacing(#""id":"1","#, with: ""), "user.id is missing"),
            (data.replacing(#""id":"1""#, with: #""id":null"#), "user.id"),
            (data.replacing("2026-11-23", with: "2026-02-30"), "user.date_joined is malformed"),
            (data.replacing(#""user""#, with: #""secret""#), "user is missing"),
            (data.replacing("0199f0c2", with: "secret"), "request.id"),
        ]
        for (data, words) in wrong {
            let event = try SignalCodec.event(from: body(data))
            #expect {
                _ = try event.decode(PasswordSet.self)
            } throws: { error in
                (error as? SignalError)?.code == .wrongType && "\(error)".contains(words)
                    && !"\(error)".contains("secret")
            }
        }
    }

    @Test func `an error does not quote the payload's own keys`() throws {
        #expect {
            _ = try SignalCodec.event(from: body(#"{"jane@example.org":{"2":1e999}}"#))
        } throws: { error in
            (error as? SignalError)?.code == .malformed && !"\(error)".contains("jane")
        }
    }
}
