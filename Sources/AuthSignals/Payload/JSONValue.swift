// SPDX-License-Identifier: Apache-2.0

/// Any JSON value, for example a provider's profile.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
    /// An object in which at least two names are canonically equivalent (`é` in NFC and in NFD): different names in
    /// JSON, but equal keys of a dictionary. The members are in order, without duplicate names.
    case objectOfMembers([Member])

    /// The maximum nesting depth of arrays and objects; deeper ones can be neither read nor written.
    ///
    /// Decoding tries one type after another, and each failed try costs JSONDecoder the square of the depth.
    public static let largestDepth = 32

    /// The member of an object, nil for anything else.
    public subscript(member: String) -> JSONValue? {
        switch self {
        case .object(let members): members[member]
        case .objectOfMembers(let members): members.first { $0.name.hasSameBytes(as: member) }?.value
        default: nil
        }
    }

    /// The value of a string, nil for anything else.
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
