// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Validates the part of JSON Schema that the derived schemas use.
enum SchemaCheck {
    /// The violations of the schema by a value. Empty if the value is valid.
    static func faults(of value: JSONValue, by schema: JSONValue, at path: String = "$") -> [String] {
        guard case .object(let rules) = schema else { return ["\(path): the schema is not an object"] }
        let known: Set = [
            "$schema", "$id", "title", "description", "type", "properties", "required", "items", "format",
            "contentEncoding", "examples", "x-personal", "minimum", "additionalProperties",
        ]
        var faults = rules.keys.filter { !known.contains($0) }.map { "\(path): unsupported keyword \($0)" }
        if let type = rules["type"] {
            let allowed: [String?] =
                if case .array(let names) = type { names.map(\.string) } else { [type.string] }
            if !kinds(of: value).contains(where: { allowed.contains($0) }) {
                faults.append("\(path) is not \(allowed)")
            }
        }
        switch value {
        case .object(let members):
            if case .array(let required)? = rules["required"] {
                for name in required.compactMap(\.string) where members[name] ?? .null == .null {
                    faults.append("\(path).\(name) is missing")
                }
            }
            for (name, member) in members {
                if let rule = rules["properties"]?[name] ?? rules["additionalProperties"] {
                    faults += Self.faults(of: member, by: rule, at: "\(path).\(name)")
                }
            }
        case .array(let elements):
            if let rule = rules["items"] {
                for (index, element) in elements.enumerated() {
                    faults += Self.faults(of: element, by: rule, at: "\(path)[\(index)]")
                }
            }
        case .string(let text):
            switch rules["format"]?.string {
            case "date-time" where Date(wireText: text) == nil: faults.append("\(path) is not a date-time")
            case "uuid" where UUID(uuidString: text) == nil: faults.append("\(path) is not a uuid")
            default: break
            }
        default: break
        }
        return faults
    }

    private static func kinds(of value: JSONValue) -> [String] {
        switch value {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .integer: ["integer", "number"]
        case .number: ["number"]
        case .string: ["string"]
        case .array: ["array"]
        case .object, .objectOfMembers: ["object"]
        }
    }
}
