// SPDX-License-Identifier: Apache-2.0

/// The shape of one value on the wire; filled in while a type decodes itself from a ``SchemaRecorder``.
final class SchemaNode {
    indirect enum Kind {
        /// Any kind: the type tries to decode it in more than one way.
        case any
        case bool
        case integer(fromZero: Bool)
        case number
        case string(format: String?, examples: [String])
        case array(SchemaNode)
        /// Members of any name.
        case map(SchemaNode)
        case object
    }

    struct Member {
        var name: String
        var node: SchemaNode
        /// Whether the member is always present.
        var isRequired: Bool
        /// Whether the `thin` profile omits it.
        var isPersonal = false
    }

    var kind = Kind.any
    /// An object's members in the order in which the type decodes them.
    var members: [Member] = []

    /// Marks the members that are present in the `standard` encoding of a value and absent in the `thin` one.
    func markPersonal(standard: JSONValue?, thin: JSONValue?) {
        guard let standard, let thin else { return }
        switch (standard, thin) {
        case (.object(let standard), .object(let thin)):
            if case .map(let value) = kind, let name = standard.keys.first {
                value.markPersonal(standard: standard[name], thin: thin[name])
            }
            for index in members.indices {
                let name = members[index].name
                if standard[name] != nil, thin[name] == nil {
                    members[index].isPersonal = true
                } else {
                    members[index].node.markPersonal(standard: standard[name], thin: thin[name])
                }
            }
        case (.array(let standard), .array(let thin)):
            if case .array(let element) = kind {
                element.markPersonal(standard: standard.first, thin: thin.first)
            }
        default: break
        }
    }

    /// The names of the members that are marked, at any depth.
    var personalNames: Set<String> {
        switch kind {
        case .array(let element): element.personalNames
        case .map(let value): value.personalNames
        case .object:
            members.reduce(into: []) { names, member in
                if member.isPersonal { names.insert(member.name) }
                names.formUnion(member.node.personalNames)
            }
        default: []
        }
    }

    // MARK: JSON Schema

    /// The node as JSON Schema 2020-12; an optional member may also be null.
    func schema(orNull: Bool = false) -> [String: JSONValue] {
        var schema: [String: JSONValue] = [:]
        func type(_ name: String) { schema["type"] = orNull ? [.string(name), "null"] : .string(name) }
        switch kind {
        case .any: break
        case .bool: type("boolean")
        case .integer(let fromZero):
            type("integer")
            if fromZero { schema["minimum"] = 0 }
        case .number: type("number")
        case .string(let format, let examples):
            type("string")
            if format == "base64" {
                schema["contentEncoding"] = "base64"
            } else if let format {
                schema["format"] = .string(format)
            }
            if !examples.isEmpty {
                schema["examples"] = .array(examples.map { .string($0) })
                schema["description"] = "Open: other values may come."
            }
        case .array(let element):
            type("array")
            schema["items"] = .object(element.schema())
        case .map(let value):
            type("object")
            schema["additionalProperties"] = .object(value.schema())
        case .object:
            type("object")
            schema["properties"] = .object(
                Dictionary(
                    members.map { ($0.name, .object($0.schema)) }, uniquingKeysWith: { first, _ in first }))
            schema["required"] = .array(members.filter(\.isRequired).map { .string($0.name) })
        }
        return schema
    }
}

extension SchemaNode.Member {
    fileprivate var schema: [String: JSONValue] {
        var schema = node.schema(orNull: !isRequired)
        if isPersonal { schema["x-personal"] = true }
        return schema
    }
}
