// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct RedactionTests {
    @Test(arguments: SampleSignals.all.indices)
    func `a redacted signal shows no personal data and no token`(index: Int) throws {
        let body = try SampleSignals.message(of: SampleSignals.all[index]).body
        let data = try SignalCodec.event(from: body).json()
        let text = String(
            decoding: try SignalCodec.encoder().encode(Redaction.catalog.redact(data)), as: UTF8.self)
        for personal in ["jane", "Jane", "Döe", "2001:db8", "Mozilla", "example.com", "eyJhb", "10769150"] {
            #expect(!text.contains(personal))
        }
        #expect(text.contains(SampleSignals.request.id.wireText))
    }

    @Test(arguments: SignalCatalog.all.indices)
    func `redacts every member that the thin profile omits`(index: Int) throws {
        for member in try SignalSchema(of: SignalCatalog.all[index]).members where member.isPersonal {
            let name = String(member.path.split(separator: ".").last ?? "")
            #expect(Redaction.catalog.redact(.object([name: "x"])) == .object([name: "…"]), "\(name)")
        }
    }

    @Test func `redacts tokens and ids at providers, which both profiles have`() throws {
        let members = try SignalCatalog.all.flatMap { try SignalSchema(of: $0).members }
        for name in ["token", "uid"] {
            #expect(members.contains { $0.path.hasSuffix(name) })
            #expect(!members.contains { $0.path.hasSuffix(name) && $0.isPersonal })
            #expect(Redaction.catalog.redact(.object([name: "x"])) == .object([name: "…"]))
        }
    }

    @Test func `shows every other member of the catalogue`() throws {
        let redacted: Set = ["email", "username", "ip", "user_agent", "extra_data", "token", "uid"]
        for member in try SignalCatalog.all.flatMap({ try SignalSchema(of: $0).members }) {
            let name = String(member.path.split(separator: ".").last ?? "")
            let shown = Redaction.catalog.redact(.object([name: "x"]))
            #expect(shown == .object([name: redacted.contains(name) ? "…" : "x"]), "\(name)")
        }
    }

    @Test func `keeps null values and the structure`() {
        let value: JSONValue = ["email": .null, "a": [["email": "x", "id": 1]], "token": ["x": 1]]
        #expect(
            Redaction.catalog.redact(value) == [
                "email": .null, "a": [["email": "…", "id": 1]], "token": "…",
            ])
    }
}
