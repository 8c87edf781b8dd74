// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite("Personal members of an application's signal")
struct PersonalTests {
    private struct ParcelShipped: Signal, Hashable {
        struct Stop: Codable, Hashable {
            var city: String
            @Personal var signature: String?
        }

        static let name: SignalName = "shop.parcel_shipped"
        var request: SignalRequest
        var parcel: String
        @Personal var recipient: String?
        @Personal var bornOn: Date?
        @Personal var preferences: JSONValue?
        var stops: [Stop]
        var stopOf: [String: Stop]
        var subject: String? { parcel }

        private enum CodingKeys: String, CodingKey {
            case request, parcel, recipient, bornOn = "born_on", preferences, stops, stopOf = "stop_of"
        }
    }

    private static let signal = ParcelShipped(
        request: SampleSignals.request, parcel: "17", recipient: "Jane", bornOn: SampleSignals.time,
        preferences: ["door": "Jane's"], stops: [.init(city: "Vík", signature: "Jane")],
        stopOf: ["monday": .init(city: "Vík", signature: "Jane")])

    private func event(_ signal: ParcelShipped, _ profile: PayloadProfile) throws -> SignalEvent {
        try SignalCodec.event(from: SampleSignals.message(of: signal, profile: profile).body)
    }

    @Test func `the standard profile has every member`() throws {
        let event = try event(Self.signal, .standard)
        #expect(
            try event.json() == [
                "request": [
                    "id": "0199f0c2-0000-7000-8000-0000000000aa", "client": "browser",
                    "profile": "standard", "ip": "2001:db8::17",
                    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) \"Ünïcode\"/1.0",
                ],
                "parcel": "17", "recipient": "Jane", "born_on": "2026-11-23T08:00:00.123Z",
                "preferences": ["door": "Jane's"], "stops": [["city": "Vík", "signature": "Jane"]],
                "stop_of": ["monday": ["city": "Vík", "signature": "Jane"]],
            ])
        #expect(try event.decode(ParcelShipped.self) == Self.signal)
    }

    @Test func `the thin profile omits personal members at any depth`() throws {
        let event = try event(Self.signal, .thin)
        #expect(
            try event.json() == [
                "request": [
                    "id": "0199f0c2-0000-7000-8000-0000000000aa", "client": "browser", "profile": "thin",
                ],
                "parcel": "17", "stops": [["city": "Vík"]], "stop_of": ["monday": ["city": "Vík"]],
            ])
        let read = try event.decode(ParcelShipped.self)
        #expect(read.recipient == nil && read.stops == [.init(city: "Vík", signature: nil)])
    }

    @Test func `a personal member that is nil is omitted, and null is decoded as nil`() throws {
        var signal = Self.signal
        signal.recipient = nil
        #expect(try event(signal, .standard).json()["recipient"] == nil)
        let stop = try SignalCodec.decoder().decode(
            ParcelShipped.Stop.self, from: Data(#"{"city":"Vík","signature":null}"#.utf8))
        #expect(stop == .init(city: "Vík", signature: nil))
    }

    @Test func `the profile ends with the codec's encoding`() throws {
        _ = try event(Self.signal, .thin)
        let text = String(decoding: try SignalCodec.encoder().encode(Self.signal), as: UTF8.self)
        #expect(text.contains(#""recipient":"Jane""#))
    }

    @Test func `an element of an array cannot be omitted and is null in the thin profile`() throws {
        struct Names: Signal {
            static let name: SignalName = "shop.names"
            var request: SignalRequest
            var all: [Personal<String>]
            var subject: String? { nil }
        }
        let names = Names(request: SampleSignals.request, all: [Personal(wrappedValue: "Jane")])
        let standard = try SampleSignals.message(of: names).body
        #expect(try SignalCodec.event(from: standard).json()["all"] == ["Jane"])
        let thin = try SampleSignals.message(of: names, profile: .thin).body
        #expect(try SignalCodec.event(from: thin).json()["all"] == [.null])
    }

    @Test func `the schema marks personal members and describes them as what they contain`() throws {
        let schema = try SignalSchema(of: ParcelShipped.self)
        #expect(
            schema.members.filter(\.isPersonal).map(\.path) == [
                "request.ip", "request.user_agent", "recipient", "born_on", "preferences",
                "stops[].signature", "stop_of.*.signature",
            ])
        let properties = schema.fragment["properties"]
        #expect(properties?["recipient"] == ["type": ["string", "null"], "x-personal": true])
        #expect(
            properties?["born_on"]
                == ["type": ["string", "null"], "format": "date-time", "x-personal": true])
        #expect(properties?["preferences"] == ["x-personal": true])
        #expect(schema.fragment["required"] == ["request", "parcel", "stops", "stop_of"])
        let page = try SignalCatalog.text(of: [ParcelShipped.self], as: .markdown)
        #expect(page.contains("| `recipient` | string | may be absent; *personal* |"))
    }

    @Test func `logs redact personal members of the added signals and of the catalogue`() throws {
        let data = try event(Self.signal, .standard).json()
        let shown = try Redaction(adding: [ParcelShipped.self]).redact(data)
        #expect(
            shown == [
                "request": [
                    "id": "0199f0c2-0000-7000-8000-0000000000aa", "client": "browser",
                    "profile": "standard", "ip": "…", "user_agent": "…",
                ],
                "parcel": "17", "recipient": "…", "born_on": "…", "preferences": "…",
                "stops": [["city": "Vík", "signature": "…"]],
                "stop_of": ["monday": ["city": "Vík", "signature": "…"]],
            ])
        #expect(Redaction.catalog.redact(data)["request"]?["ip"] == "…")
    }

    @Test func `printing, reflecting or dumping a signal shows no personal member`() {
        var shown = "\(Self.signal) \(String(reflecting: Self.signal))"
        dump(Self.signal, to: &shown)
        #expect(shown.contains("17") && shown.contains("…"))
        #expect(!shown.contains("Jane") && !shown.contains("2001:db8") && !shown.contains("Mozilla"))
    }
}
