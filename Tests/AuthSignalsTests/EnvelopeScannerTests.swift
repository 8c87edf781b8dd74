// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthSignals

/// The quick reader of envelopes agrees with the general decoder, or leaves the body to it.
@Suite struct EnvelopeScannerTests {
    private func body() throws -> Data {
        try SampleSignals.message(
            of: UserLoggedOut(
                request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session)
        ).body
    }

    /// What an event says, to be compared.
    private func words(_ event: SignalEvent) -> [String?] {
        [
            event.id.wireText, event.source, event.name.rawValue, event.subject, event.time.wireText,
            event.sequence.map(String.init), event.correlationID, event.dataSchema,
        ]
    }

    @Test func `it reads what we write ourselves`() throws {
        let body = try body()
        let event = try #require(EnvelopeScanner.event(of: body))
        #expect(words(event) == words(try SignalCodec.decodedEvent(from: body)))
        #expect(event.dataPlace != nil)
        #expect(try event.decode(UserLoggedOut.self).user.id == SampleSignals.user.id)
    }

    @Test(arguments: [
        #"  {"data" : { } ,"specversion":"1.0","id":"0199F0C2-0000-7000-8000-0000000000BB","source":"s","#
            + #""type":"a.b","time":"2026-11-23T08:00:00Z","more":[1,-2.5e+3,true,null,{"x":"é"}]}  "#,
        #"{"specversion":"1.0","id":"0199f0c2-0000-7000-8000-0000000000bb","source":"é","type":"a.b","#
            + #""time":"2026-11-23T09:00:00.5+01:00","data":{"a":[[],{}],"b":"\u00e9\n"},"sequence":"007"}"#,
    ])
    func `it reads what others may write`(_ text: String) throws {
        let event = try #require(EnvelopeScanner.event(of: Data(text.utf8)))
        #expect(words(event) == words(try SignalCodec.decodedEvent(from: Data(text.utf8))))
    }

    @Test(arguments: [
        (#""type":"account.user_logged_out""#, #""type":"account.user\u005flogged_out""#),
        (#""specversion":"1.0""#, #""specversion":"1.1""#),
        (#""specversion":"1.0""#, #""specversion":"1.0","specversion":"1.0""#),
        (#""correlationid":""#, #""correlationid":null,"x":""#),
        (#""sequence":"0"#, #""sequence":"x"#),
        (#""data":{"#, #""data":[{"#),
        (#""data":{"#, #""data":{"x":01,"#),
        (#""data":{"#, "\"data\":{\"x\":\"\u{1}\","),
    ])
    func `what is unusual or wrong is left to the general decoder`(_ part: String, _ other: String) throws {
        let text = String(decoding: try body(), as: UTF8.self)
        #expect(text.contains(part))
        #expect(EnvelopeScanner.event(of: Data(text.replacing(part, with: other).utf8)) == nil)
    }

    @Test
    func `whatever happens to the bytes, it never takes what the general decoder refuses or reads otherwise`()
        throws
    {
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
            guard let event = EnvelopeScanner.event(of: Data(bytes)) else { continue }
            taken += 1
            let general = try? SignalCodec.decodedEvent(from: Data(bytes))
            #expect(
                general.map(words) == words(event),
                "seed \(TestSeed.value): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(taken > 100)
    }

    @Test func `a body that is changed is read anew`() throws {
        var event = try SignalCodec.event(from: try body())
        event.body = Data("[]".utf8)
        #expect(throws: SignalError.self) { try event.decode(UserLoggedOut.self) }
    }

    @Test func `a fault in the data is told as before, with its place`() throws {
        let text = String(decoding: try body(), as: UTF8.self).replacing(
            #""is_active":true"#, with: #""is_active":1"#)
        let event = try #require(EnvelopeScanner.event(of: Data(text.utf8)))
        let error = #expect(throws: SignalError.self) { try event.decode(UserLoggedOut.self) }
        #expect(error?.code == .wrongType)
        #expect(error?.message.contains("data.user.is_active") == true)
    }
}
