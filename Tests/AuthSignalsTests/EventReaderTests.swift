// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthSignals

/// `EventReader` and a general JSON decoder agree on every body that `EventReader` accepts.
@Suite struct EventReaderTests {
    private func body() throws -> Data {
        try SampleSignals.message(
            of: UserLoggedOut(
                request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session)
        ).body
    }

    /// The attributes as Foundation's decoder reads them.
    private struct Attributes: Decodable {
        var id: UUID
        var source: String
        var type: String
        var subject: String?
        var time: String
        var sequence: String?
        var correlationid: String?
        var dataschema: String?
        var data: [String: JSONValue]

        init(_ body: Data) throws { self = try JSONDecoder().decode(Attributes.self, from: body) }

        var words: [String?] {
            [
                id.wireText, source, type, subject, Date(wireText: time)?.wireText,
                sequence.flatMap(Int64.init).map(String.init), correlationid, dataschema,
            ]
        }
    }

    /// The attributes of an event in the order of ``Attributes/words``.
    private func words(_ event: SignalEvent) -> [String?] {
        [
            event.id.wireText, event.source, event.name.rawValue, event.subject, event.time.wireText,
            event.sequence.map(String.init), event.correlationID, event.dataSchema,
        ]
    }

    @Test func `reads events that this library writes`() throws {
        let body = try body()
        let event = try EventReader.event(of: body)
        #expect(words(event) == (try Attributes(body)).words)
        #expect(event.dataPlace != nil)
        #expect(try event.decode(UserLoggedOut.self).user.id == SampleSignals.user.id)
    }

    @Test(arguments: [
        #"  {"data" : { } ,"specversion":"1.0","id":"0199F0C2-0000-7000-8000-0000000000BB","source":"s","#
            + #""type":"a.b","time":"2026-11-23T08:00:00Z","more":-17,"flag":true,"x":"\ud83d\ude00"}  "#,
        #"{"specversion":"1.0","id":"0199f0c2-0000-7000-8000-0000000000bb","source":"é","type":"a.b","#
            + #""time":"2026-11-23T09:00:00.5+01:00","data":{"a":[[],{}],"b":"\u00e9\n"},"sequence":"007"}"#,
        #"{"specv\u0065rsion":"1\u002e0","id":"0199f0c2-0000-7000-8000-0000000000b\u0062","source":"\/s","#
            + #""type":"a\u005fb.c","time":"2026-11-23T09:00:00Z","data":{},"subject":"\"\\\b\f\n\r\t\ud83d\ude00é"}"#,
    ])
    func `reads valid events of other producers`(_ text: String) throws {
        let event = try EventReader.event(of: Data(text.utf8))
        #expect(words(event) == (try Attributes(Data(text.utf8))).words)
    }

    @Test func `agrees with the general decoder on every mutated body that it accepts`() throws {
        let whole = Array(try body())
        var generator = SeededGenerator(seed: TestSeed.value)
        let favourites = Array(#"{}[]",:\ue0-+.1tfn"#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF]
        var taken = 0
        for _ in 0..<8000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = favourites.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<40, using: &generator)))
                }
            }
            guard let event = try? EventReader.event(of: Data(bytes)) else { continue }
            taken += 1
            let general = try? Attributes(Data(bytes))
            #expect(
                general?.words == words(event),
                "seed \(TestSeed.value): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(taken > 100)
    }

    @Test func `decodes a replaced body from its new bytes`() throws {
        var event = try SignalCodec.event(from: try body())
        event.body = Data("[]".utf8)
        #expect(throws: SignalError.self) { try event.decode(UserLoggedOut.self) }
    }

    @Test func `reports the path of a wrong type in the data`() throws {
        let text = String(decoding: try body(), as: UTF8.self).replacing(
            #""is_active":true"#, with: #""is_active":1"#)
        let event = try EventReader.event(of: Data(text.utf8))
        let error = #expect(throws: SignalError.self) { try event.decode(UserLoggedOut.self) }
        #expect(error?.code == .wrongType)
        #expect(error?.message.contains("data.user.is_active") == true)
    }
}
