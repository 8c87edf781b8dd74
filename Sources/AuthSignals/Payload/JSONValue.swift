// SPDX-License-Identifier: Apache-2.0

/// Any JSON value: what a provider's profile is made of.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
    /// An object of whose names at least two are canonically equivalent (`é` in NFC and in NFD): they are different
    /// names to JSON, and one key to a dictionary. The members are in their order, no name comes twice.
    case objectOfMembers([Member])

    /// How deep an array or object may lie in its document; a deeper one can neither be read nor written.
    ///
    /// Reading takes guesses, and one that is wrong costs JSONDecoder the square of the depth.
    public static let largestDepth = 32

    /// The member of an object, nil for anything else.
    public subscript(member: String) -> JSONValue? {
        switch self {
        case .object(let members): members[member]
        case .objectOfMembers(let members): members.first { $0.name.hasSameBytes(as: member) }?.value
        default: nil
        }
    }

    /// The text of a string, nil for anything else.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a boolean, nil for anything else.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
}

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            try Self.check(decoder.codingPath)
            if let value = try? container.decode([JSONValue].self) {
                self = .array(value)
            } else {
                let table = try container.decode([String: JSONValue].self)
                if table.count == 1, let wrapped = table[WrappedObject.name]?.string,
                    let object = WrappedObject.object(of: wrapped)
                {
                    self = object
                } else {
                    self = .object(table)
                }
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value):
            try Self.check(encoder.codingPath)
            try container.encode(value)
        case .object(let value):
            try Self.check(encoder.codingPath)
            try container.encode(value)
        case .objectOfMembers(let members):
            try Self.check(encoder.codingPath)
            try container.encode([WrappedObject.name: WrappedObject.text(of: members)])
        }
    }

    private static func check(_ path: [any CodingKey]) throws {
        guard path.count > largestDepth else { return }
        throw DecodingError.dataCorrupted(
            .init(codingPath: [], debugDescription: "more than \(largestDepth) levels of nesting"))
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
