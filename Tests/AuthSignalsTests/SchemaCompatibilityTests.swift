// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct SchemaCompatibilityTests {
    /// A schema as it is derived from a signal's type.
    private static let released: JSONValue = [
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "billing.invoice_paid",
        "description": "an invoice was paid",
        "type": "object",
        "required": ["invoice", "method", "lines"],
        "properties": [
            "invoice": ["type": "string"],
            "method": [
                "type": "string", "examples": ["card", "transfer"],
                "description": "Open: other values may come.",
            ],
            "paid_at": ["type": ["string", "null"], "format": "date-time"],
            "payer": [
                "type": ["object", "null"],
                "required": ["id"],
                "properties": [
                    "id": ["type": "string"], "name": ["type": ["string", "null"]],
                    "age": ["type": ["integer", "null"], "minimum": 0],
                ],
            ],
            "lines": [
                "type": "array",
                "items": [
                    "type": "object", "required": ["text"], "properties": ["text": ["type": "string"]],
                ],
            ],
            "prices": ["type": ["object", "null"], "additionalProperties": ["type": "number"]],
            "anything": [:],
        ],
    ]

    /// The released schema with another value at a path; nil removes it.
    private static func released(_ path: [String], _ value: JSONValue?) -> JSONValue {
        changed(released, path[...], value)
    }

    private static func changed(
        _ object: JSONValue, _ path: ArraySlice<String>, _ value: JSONValue?
    ) -> JSONValue {
        guard case .object(var members) = object, let name = path.first else { return value ?? .null }
        members[name] =
            path.count == 1 ? value : changed(members[name] ?? .object([:]), path.dropFirst(), value)
        return .object(members)
    }

    private static func found(_ new: JSONValue) -> [String] {
        SchemaCompatibility.breaches(from: released, to: new).map { "\($0)" }
    }

    // MARK: Incompatible changes

    @Test func `reports a removed member, at every depth`() {
        #expect(
            Self.found(Self.released(["properties", "paid_at"], nil)) == ["paid_at was removed or renamed"])
        #expect(
            Self.found(Self.released(["properties", "payer", "properties", "name"], nil)) == [
                "payer.name was removed or renamed"
            ])
        var new = Self.released(["properties", "invoice"], nil)
        new = Self.changed(new, ["required"], ["method", "lines"])
        #expect(Self.found(new) == ["invoice was removed or renamed"])
    }

    @Test func `reports a renamed member, which is a removed and an added one`() {
        var new = Self.released(["properties", "invoice"], nil)
        new = Self.changed(new, ["properties", "invoice_id"], ["type": "string"])
        new = Self.changed(new, ["required"], ["invoice_id", "method", "lines"])
        #expect(Self.found(new) == ["invoice was removed or renamed", "invoice_id is newly required"])
    }

    @Test(
        arguments: [
            (["properties", "invoice", "type"], JSONValue.string("integer"), "invoice"),
            (["properties", "invoice", "type"], ["string", "null"], "invoice"),
            (["properties", "invoice", "format"], "uuid", "invoice"),
            (["properties", "invoice"], [:], "invoice"),
            (["properties", "paid_at", "format"], nil, "paid_at"),
            (["properties", "paid_at", "type"], "string", "paid_at"),
            (["properties", "payer", "type"], ["string", "null"], "payer"),
            (["properties", "payer", "properties", "age", "type"], ["number", "null"], "payer.age"),
            (["properties", "lines", "items"], ["type": "string"], "lines[]"),
            (["properties", "lines", "items"], nil, "lines[]"),
            (["properties", "lines", "items", "properties", "text", "type"], "boolean", "lines[].text"),
            (["properties", "prices", "additionalProperties", "type"], "string", "prices.*"),
            (["properties", "anything"], ["type": "string"], "anything"),
            (["type"], "array", "the schema"),
        ] as [([String], JSONValue?, String)])
    func `reports a member of another type, format or element`(
        path: [String], value: JSONValue?, member: String
    ) {
        #expect(Self.found(Self.released(path, value)) == ["\(member) has another type"])
    }

    @Test func `reports an optional member that becomes required`() {
        var new = Self.released(["required"], ["invoice", "method", "lines", "paid_at"])
        new = Self.changed(new, ["properties", "paid_at", "type"], "string")
        #expect(Self.found(new) == ["paid_at is newly required"])
        let nested = Self.released(["properties", "payer", "required"], ["id", "name"])
        #expect(Self.found(nested) == ["payer.name is newly required"])
    }

    @Test func `reports an added member that is required, since messages in queues do not have it`() {
        var new = Self.released(["properties", "currency"], ["type": "string"])
        new = Self.changed(new, ["required"], ["invoice", "method", "lines", "currency"])
        #expect(Self.found(new) == ["currency is newly required"])
    }

    @Test func `reports a required member that may now be absent`() {
        var new = Self.released(["required"], ["method", "lines"])
        new = Self.changed(new, ["properties", "invoice", "type"], ["string", "null"])
        #expect(Self.found(new) == ["invoice is no longer required"])
    }

    @Test func `reports an open enumeration that is closed`() {
        let closed = Self.released(["properties", "method", "enum"], ["card", "transfer"])
        #expect(Self.found(closed) == ["method became a closed enumeration"])
        let constant = Self.released(["properties", "invoice", "const"], "1")
        #expect(Self.found(constant) == ["invoice became a closed enumeration"])
    }

    @Test func `reports other values of a closed enumeration and missing values of an open one`() {
        let old: JSONValue = ["type": "string", "enum": ["a", "b"]]
        for values: JSONValue in [["a"], ["a", "b", "c"]] {
            let breaches = SchemaCompatibility.breaches(from: old, to: ["type": "string", "enum": values])
            #expect(breaches.map(\.kind) == [.values])
        }
        #expect(SchemaCompatibility.breaches(from: old, to: ["type": "string"]).map(\.kind) == [.values])
        let renamed = Self.released(["properties", "method", "examples"], ["card", "bank_transfer"])
        #expect(Self.found(renamed) == ["method has other values"])
    }

    @Test func `reports a member that the thin profile now omits`() {
        let new = Self.released(["properties", "invoice", "x-personal"], true)
        #expect(Self.found(new) == ["invoice became personal"])
    }

    @Test func `reports another rule, also one that derived schemas do not use`() {
        let limit = Self.released(["properties", "payer", "properties", "age", "minimum"], 18)
        #expect(Self.found(limit) == ["payer.age has another rule"])
        let pattern = Self.released(["properties", "invoice", "pattern"], "^[0-9]+$")
        #expect(Self.found(pattern) == ["invoice has another rule"])
        let closed = Self.released(["properties", "prices", "additionalProperties"], false)
        #expect(Self.found(closed) == ["prices.* has another rule"])
    }

    @Test func `reports every breach, ordered by member`() {
        var new = Self.released(["properties", "paid_at"], nil)
        new = Self.changed(new, ["properties", "invoice", "type"], "integer")
        #expect(Self.found(new) == ["invoice has another type", "paid_at was removed or renamed"])
        let breaches = SchemaCompatibility.breaches(from: Self.released, to: new)
        #expect(breaches.map(\.member) == ["invoice", "paid_at"])
        #expect(breaches.map(\.kind) == [.retyped, .removed])
        #expect(breaches.allSatisfy { $0.schema.isEmpty })
    }

    // MARK: Compatible changes

    @Test func `a schema is compatible with itself`() {
        #expect(Self.found(Self.released).isEmpty)
    }

    @Test(
        arguments: [
            (["properties", "currency"], ["type": ["string", "null"]]),
            (["properties", "payer", "properties", "vat"], ["type": ["string", "null"]]),
            (["properties", "lines", "items", "properties", "cents"], ["type": ["integer", "null"]]),
            (["properties", "method", "examples"], ["cash", "transfer", "card"]),
            (["properties", "method", "description"], "How it was paid."),
            (["description"], "an invoice was paid in full"),
            (["title"], "Invoice paid"),
            (["$id"], "https://app.example.org/schemas/billing.invoice_paid/1"),
            (["properties", "payer", "x-owner"], "billing"),
        ] as [([String], JSONValue)])
    func `an added optional member, an added known value and another annotation are allowed`(
        path: [String], value: JSONValue
    ) {
        #expect(Self.found(Self.released(path, value)).isEmpty)
    }

    @Test func `a member that is no longer personal is allowed`() {
        let old = Self.released(["properties", "payer", "x-personal"], true)
        #expect(SchemaCompatibility.breaches(from: old, to: Self.released).isEmpty)
    }
}
