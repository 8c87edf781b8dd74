// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct SignalCodecTests {
    private let signal = UserLoggedOut(
        request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session)

    @Test func `a message has the properties of the contract`() throws {
        let message = try SampleSignals.message(of: signal)
        #expect(message.routingKey == "account.user_logged_out")
        #expect(message.type == "account.user_logged_out")
        #expect(message.messageID == "0199f0c2-0000-7000-8000-0000000000bb")
        #expect(message.correlationID == "0199f0c2-0000-7000-8000-0000000000aa")
        #expect(message.contentType == "application/cloudevents+json")
        #expect(message.timestamp == Date(timeIntervalSince1970: 1_795_420_800))
        #expect(message.appID == "accounts.example.org")
        #expect(message.headers == ["subject": .string(SampleSignals.user.id)])
        #expect(message.subject == SampleSignals.user.id)
    }

    @Test func `a row gives the same message every time`() throws {
        let row = try SampleSignals.row(of: signal)
        #expect(SampleSignals.codec().message(for: row) == SampleSignals.codec().message(for: row))
    }

    @Test func `the event of a draft is that of its message, without a sequence number`() throws {
        let row = try SampleSignals.row(of: signal)
        let codec = SampleSignals.codec()
        let event = try codec.event(for: row.draft)
        let published = try SignalCodec.event(from: codec.message(for: row).body)
        #expect(event.sequence == nil)
        #expect(published.sequence == row.sequence)
        #expect(event.id == published.id)
        #expect(event.source == published.source)
        #expect(event.name == published.name)
        #expect(event.subject == published.subject)
        #expect(event.time == published.time)
        #expect(event.correlationID == published.correlationID)
        #expect(event.dataSchema == published.dataSchema)
        #expect(try event.decode(UserLoggedOut.self) == signal)
    }

    @Test func `a draft has a version 7 id of the signal's time`() throws {
        let time = Date(timeIntervalSince1970: 1_795_420_800.123_4)
        let draft = try SampleSignals.codec().draft(signal, at: time)
        #expect(draft.id.uuid.6 >> 4 == 7)
        #expect(draft.id.wireText.hasPrefix(UUID.version7(at: time).wireText.prefix(13)))
        #expect(draft.time == time.wholeMilliseconds)
        #expect(draft.schemaVersion == 1)
    }

    @Test func `a signal without a user has no subject in its body or headers`() throws {
        let signal = PreSocialLogin(
            request: SampleSignals.request, user: nil, sociallogin: SampleSignals.sociallogin,
            outcome: .proceeded)
        let message = try SampleSignals.message(of: signal)
        #expect(message.headers.isEmpty)
        let event = try SignalCodec.event(from: message.body)
        #expect(event.subject == nil)
        #expect(try event.decode(PreSocialLogin.self).user == nil)
        #expect(!String(decoding: message.body, as: UTF8.self).contains(#""subject""#))
    }

    @Test(arguments: [
        ("https://a.example", "https://a.example/schemas", "a.example"),
        ("https://a.example/", "https://a.example/schemas", "a.example"),
        ("https://a.example:8443/auth", "https://a.example:8443/auth/schemas", "a.example"),
        ("urn:example:auth", "urn:example:auth/schemas", "auth-signals"),
    ])
    func `derives the schema base and app id from the source`(source: String, base: String, app: String) {
        let codec = SignalCodec(source: source)
        #expect(codec.schemaBase == base)
        #expect(codec.appID == app)
    }

    @Test func `accepts an explicit schema base and app id`() throws {
        let codec = SignalCodec(
            source: "https://a.example", schemaBase: "https://schemas.example/v", appID: "accounts")
        let message = try codec.message(
            for: OutboxRow(sequence: 1, draft: codec.draft(signal, at: SampleSignals.time)))
        #expect(message.appID == "accounts")
        let event = try SignalCodec.event(from: message.body)
        #expect(event.dataSchema == "https://schemas.example/v/account.user_logged_out/1")
    }

    @Test func `user-supplied text cannot break out of the envelope`() throws {
        let evil = "\"},\"type\":\"x.y\",\u{0}\u{2028}\\\n"
        let codec = SignalCodec(source: "https://a.example")
        var user = SampleSignals.user
        user.id = evil
        user.username = evil
        let message = try codec.message(
            for: OutboxRow(
                sequence: 1,
                draft: codec.draft(
                    PasswordSet(request: SampleSignals.request, user: user), at: SampleSignals.time)))
        let event = try SignalCodec.event(from: message.body)
        #expect(event.name == PasswordSet.name)
        #expect(event.subject == evil)
        #expect(try event.decode(PasswordSet.self).user.username == evil)
    }

    @Test func `omits an empty subject, as CloudEvents requires`() throws {
        let signal = InvoicePaid(request: SampleSignals.request, invoice: "", payer: nil)
        let message = try SampleSignals.message(of: signal)
        #expect(message.headers.isEmpty)
        #expect(!String(decoding: message.body, as: UTF8.self).contains(#""subject""#))
        #expect(try SignalCodec.event(from: message.body).subject == nil)
    }

    @Test(arguments: ["", "accounts", "https://a.example/a b", "https://a.example/\n"])
    func `rejects an unreadable source when a signal is emitted`(_ source: String) {
        #expect {
            try SignalCodec(source: source).draft(signal, at: SampleSignals.time)
        } throws: {
            ($0 as? SignalError)?.code == .notEncodable
        }
    }

    @Test func `emits a signal only if it can be read back`() throws {
        struct Deep: Signal {
            static let name: SignalName = "test.deep"
            var request = SampleSignals.request
            var value: JSONValue
            var subject: String? { nil }
        }
        func nested(_ levels: Int) -> JSONValue { (0..<levels).reduce(1) { value, _ in [value] } }
        let most = JSONValue.largestDepth - 1
        let message = try SampleSignals.message(of: Deep(value: nested(most)))
        #expect(try SignalCodec.event(from: message.body).json()["value"] == nested(most))
        #expect {
            try SampleSignals.message(of: Deep(value: nested(most + 1)))
        } throws: {
            ($0 as? SignalError)?.code == .notEncodable
        }
    }

    @Test func `rejects a signal that does not encode as a JSON object`() {
        struct Odd: Signal {
            static let name: SignalName = "test.odd"
            var request = SignalRequest()
            var subject: String? { nil }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(1)
            }
        }
        struct Endless: Signal {
            static let name: SignalName = "test.endless"
            var request = SignalRequest()
            var number = Double.infinity
            var subject: String? { nil }
        }
        for signal in [Odd(), Endless()] as [any Signal] {
            #expect {
                try SampleSignals.codec().draft(signal, at: SampleSignals.time)
            } throws: {
                ($0 as? SignalError)?.code == .notEncodable
            }
        }
    }

    @Test func `an application's own signal is encoded like a built-in one, in both profiles`() throws {
        let signal = InvoicePaid(
            request: SampleSignals.request, invoice: "2026-17", payer: "jane@example.org")
        let standard = try SignalCodec.event(from: SampleSignals.message(of: signal).body)
        #expect(standard.name == "billing.invoice_paid")
        #expect(standard.subject == "2026-17")
        #expect(standard.dataSchema == "https://accounts.example.org/schemas/billing.invoice_paid/2")
        #expect(try standard.decode(InvoicePaid.self).payer == "jane@example.org")
        let thin = try SignalCodec.event(from: SampleSignals.message(of: signal, profile: .thin).body)
        #expect(try thin.decode(InvoicePaid.self).payer == nil)
    }

    @Test func `a log-in signal has at most the first sixteen methods`() {
        let methods = (0..<20).map { AuthenticationMethod(rawValue: "m\($0)") }
        let signal = UserLoggedIn(
            request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session,
            methods: methods)
        #expect(signal.methods == Array(methods.prefix(16)))
    }

    @Test func `JSON values keep their kinds in a round trip`() throws {
        let value: JSONValue = [
            "i": .integer(.max), "n": .integer(.min), "d": .number(0.1), "b": false, "z": .null, "s": "1",
            "a": [[], [:], "é😀\u{0}"],
        ]
        let bytes = try SignalCodec.encoder().encode(value)
        #expect(try SignalCodec.decoder().decode(JSONValue.self, from: bytes) == value)
        #expect(value["s"]?.string == "1")
        #expect(value["b"]?.bool == false)
        #expect(value["none"] == nil)
        #expect(value["s"]?["x"] == nil)
    }
}

/// A signal as an application would declare it.
struct InvoicePaid: Signal {
    static let name: SignalName = "billing.invoice_paid"
    static let schemaVersion = 2
    static let summary = "an invoice was paid"

    var request: SignalRequest
    var invoice: String
    @Personal var payer: String?
    var subject: String? { invoice }
}
