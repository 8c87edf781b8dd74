// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct SignalSchemaTests {
    @Test(arguments: SignalCatalog.all.indices)
    func `golden messages of both profiles are valid against the derived schema`(index: Int) throws {
        let signal = SignalCatalog.all[index]
        let schema = try SignalSchema(of: signal)
        for file in ["\(signal.name).json", "\(signal.name).thin.json"] {
            let data = try SignalCodec.event(from: Golden(file).bytes).json()
            #expect(SchemaCheck.faults(of: data, by: schema.document()).isEmpty, "\(file)")
            #expect(SchemaCheck.faults(of: data, by: schema.fragment).isEmpty, "\(file)")
        }
    }

    @Test(arguments: SignalCatalog.all.indices)
    func `the derived schema has every member of the golden messages`(index: Int) throws {
        let signal = SignalCatalog.all[index]
        let known = Set(try SignalSchema(of: signal).members.map(\.path))
        let data = try SignalCodec.event(from: Golden("\(signal.name).json").bytes).json()
        func check(_ value: JSONValue, _ path: String) {
            guard !path.hasSuffix("extra_data") else { return }
            switch value {
            case .object(let members):
                for (name, value) in members {
                    let path = path.isEmpty ? name : "\(path).\(name)"
                    #expect(known.contains(path))
                    check(value, path)
                }
            case .array(let elements): for element in elements { check(element, path + "[]") }
            default: break
            }
        }
        check(data, "")
        #expect(data["request"] != nil)
    }

    @Test(arguments: SignalCatalog.all.indices)
    func `decoding fails without a required member and succeeds without any other`(index: Int) throws {
        func check<S: Signal>(_ type: S.Type) throws {
            let schema = try SignalSchema(of: type)
            let body = try Golden("\(S.name).json").bytes
            for member in schema.topMembers {
                var data = try SignalCodec.event(from: body).json()
                guard case .object(var members) = data else { continue }
                members[member.path] = nil
                data = .object(members)
                let event =
                    #"{"specversion":"1.0","id":"0199f0c2-0000-7000-8000-0000000000bb","source":"x:y","#
                    + #""type":"\#(S.name)","time":"2026-11-23T08:00:00Z","data":"#
                let bytes = try Data(event.utf8) + SignalCodec.encoder().encode(data) + Data("}".utf8)
                let read = try? SignalCodec.event(from: bytes).decode(S.self)
                #expect((read == nil) == member.isRequired, "\(S.name) \(member.path)")
            }
        }
        try check(SignalCatalog.all[index])
    }

    @Test func `a schema document has an id, a title and a description`() throws {
        let document = try SignalSchema(of: InvoicePaid.self).document(
            schemaBase: "https://a.example/schemas")
        #expect(document["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(document["$id"] == "https://a.example/schemas/billing.invoice_paid/2")
        #expect(document["title"] == "billing.invoice_paid")
        #expect(document["description"] == "an invoice was paid")
        #expect(document["required"] == ["request", "invoice"])
        #expect(document["properties"]?["payer"] == ["type": ["string", "null"], "x-personal": true])
        #expect(try SignalSchema(of: InvoicePaid.self).document()["$id"] == nil)
    }

    // MARK: Types of applications

    private struct Everything: Signal {
        enum Plan: String, Codable, CaseIterable { case free, pro }
        enum Level: Int, Codable { case low = 1, high }
        struct Currency: OpenEnumeration {
            var rawValue: String
            static let knownValues = [Currency(rawValue: "ISK"), Currency(rawValue: "EUR")]
        }
        struct Line: Codable {
            var text: String
            var cents: UInt16
            var tags: [String?]
        }
        final class Tree: Codable, Sendable {
            let leaf: Int
            let left: Tree?
            let others: [Tree]
        }

        static let name: SignalName = "test.everything"
        var request: SignalRequest
        var plan: Plan
        var level: Level
        var currency: Currency
        var lines: [Line]
        var prices: [String: Double]
        var nested: [String: [Line]]?
        var tree: Tree
        var at: Date
        var page: URL
        var id: UUID
        var bytes: Data
        var sum: Decimal
        var signal: SignalName
        var anything: JSONValue
        var maybe: JSONValue?
        var subject: String? { nil }
    }

    @Test func `describes members of every kind in their wire form`() throws {
        let schema = try SignalSchema(of: Everything.self)
        let properties = schema.fragment["properties"]
        #expect(properties?["plan"]?["examples"] == ["free", "pro"])
        #expect(properties?["level"] == ["type": "integer"])
        #expect(properties?["currency"]?["examples"] == ["ISK", "EUR"])
        #expect(properties?["currency"]?["type"] == "string")
        #expect(properties?["lines"]?["type"] == "array")
        #expect(properties?["lines"]?["items"]?["required"] == ["text", "cents", "tags"])
        #expect(properties?["lines"]?["items"]?["properties"]?["cents"] == ["type": "integer", "minimum": 0])
        #expect(properties?["prices"] == ["type": "object", "additionalProperties": ["type": "number"]])
        #expect(properties?["nested"]?["type"] == ["object", "null"])
        #expect(properties?["nested"]?["additionalProperties"]?["type"] == "array")
        #expect(properties?["tree"]?["properties"]?["leaf"] == ["type": "integer"])
        #expect(properties?["tree"]?["required"] == ["leaf", "others"])
        #expect(properties?["at"] == ["type": "string", "format": "date-time"])
        #expect(properties?["page"] == ["type": "string", "format": "uri"])
        #expect(properties?["id"] == ["type": "string", "format": "uuid"])
        #expect(properties?["bytes"] == ["type": "string", "contentEncoding": "base64"])
        #expect(properties?["sum"] == ["type": "number"])
        #expect(properties?["signal"] == ["type": "string"])
        #expect(properties?["anything"] == [:])
        #expect(properties?["maybe"] == [:])
        let optional = schema.topMembers.filter { !$0.isRequired }.map(\.path)
        #expect(optional == ["nested", "maybe"])
    }

    @Test func `lists members of arrays and maps with their paths`() throws {
        let paths = try SignalSchema(of: Everything.self).members.map(\.path)
        #expect(paths.contains("lines[].cents"))
        #expect(paths.contains("nested.*[].text"))
        #expect(paths.contains("tree.left"))
    }

    private struct Picky: Signal {
        struct Code: Codable {
            var text: String
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                text = try container.decode(String.self)
                guard text == "x-17" else {
                    throw DecodingError.dataCorruptedError(in: container, debugDescription: "no code")
                }
            }
        }
        static let name: SignalName = "test.picky"
        var request: SignalRequest
        var code: Code
        var subject: String? { nil }
    }

    private struct Positive: Signal {
        static let name: SignalName = "test.positive"
        var request: SignalRequest
        var amount: Int
        var subject: String? { nil }
        private enum CodingKeys: String, CodingKey { case request, amount }
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            request = try container.decode(SignalRequest.self, forKey: .request)
            amount = try container.decode(Int.self, forKey: .amount)
            guard amount > 0 else {
                throw DecodingError.dataCorruptedError(forKey: .amount, in: container, debugDescription: "0")
            }
        }
    }

    @Test func `tries other samples for a type that validates its members`() throws {
        let schema = try SignalSchema(of: Positive.self)
        #expect(schema.fragment["required"] == ["request", "amount"])
        #expect(schema.members.map(\.path).filter { $0 == "amount" }.count == 1)
    }

    @Test func `throws an error that names the member if a type accepts no sample`() {
        #expect {
            try SignalSchema(of: Picky.self)
        } throws: { error in
            (error as? SignalError)?.code == .notDescribable
                && "\(error)".contains("test.picky could be derived: code ")
        }
    }
}
