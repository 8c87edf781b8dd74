// SPDX-License-Identifier: Apache-2.0
import Foundation

extension JSONValue {
    /// A member of an object.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// An object with its members in order; if two names have the same bytes, the first member is kept.
    package init(members: [Member]) {
        var table: [String: JSONValue] = [:]
        for member in members where table[member.name] == nil { table[member.name] = member.value }
        guard table.count < members.count else {
            self = .object(table)
            return
        }
        var names: Set<[UInt8]> = []
        let different = members.filter { names.insert(Array($0.name.utf8)).inserted }
        self = table.count < different.count ? .objectOfMembers(different) : .object(table)
    }

    /// The members of an object, nil for anything else.
    package var members: [Member]? {
        switch self {
        case .object(let table): table.map { Member(name: $0.key, value: $0.value) }
        case .objectOfMembers(let members): members
        default: nil
        }
    }

    /// The object with each member replaced, or removed if `change` returns nil; any other value unchanged.
    package func changingMembers(_ change: (Member) -> JSONValue?) -> JSONValue {
        guard let members else { return self }
        return JSONValue(
            members: members.compactMap { member in
                change(member).map { Member(name: member.name, value: $0) }
            })
    }
}

/// Encodes an object that a dictionary cannot represent, and therefore Foundation's coders cannot either: as an object
/// with one member, whose name is ``name`` and whose value is the object's JSON as a string.
///
/// Values encoded within other values stay wrapped; ``SignalCodec/bytes(of:_:)`` writes the object itself.
enum WrappedObject {
    /// The name of the only member; it contains a NUL, which real names do not.
    static let name = "\u{0}json"

    /// The start of a wrapped object in JSON.
    private static let start = Data(#"{"\u0000json":""#.utf8)

    /// The JSON of an object's members, sorted by the bytes of their names.
    static func text(of members: [JSONValue.Member]) throws -> String {
        let written = try members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map {
            try text(of: .string($0.name)) + ":" + text(of: $0.value)
        }
        return "{" + written.joined(separator: ",") + "}"
    }

    private static func text(of value: JSONValue) throws -> String {
        switch value {
        case .objectOfMembers(let members): try text(of: members)
        case .object(let table): try text(of: table.map { JSONValue.Member(name: $0.key, value: $0.value) })
        case .array(let elements): "[" + (try elements.map(text(of:))).joined(separator: ",") + "]"
        default: String(decoding: try SignalCodec.encoder().encode(value), as: UTF8.self)
        }
    }

    /// Parses the object from the member's string; nil if it is not an object.
    static func object(of text: String) -> JSONValue? {
        guard let value = try? JSONValue.reading(Data(text.utf8)), value.members != nil else { return nil }
        return value
    }

    /// JSON in which every wrapped object is replaced by the object itself.
    static func unwrap(_ data: Data) -> Data {
        guard var found = data.range(of: start) else { return data }
        var result = Data()
        var rest = data[...]
        while true {
            result.append(rest[rest.startIndex..<found.lowerBound])
            let text = rest[found.upperBound...]
            guard let end = endOfString(text), end + 1 < text.endIndex, text[end + 1] == UInt8(ascii: "}")
            else {
                result.append(rest[found])
                rest = text
                guard let next = rest.range(of: start) else { break }
                found = next
                continue
            }
            let json = text[text.startIndex..<end].withUnsafeBytes {
                StrictJSON.text($0.bindMemory(to: UInt8.self))
            }
            if object(of: json) != nil {
                result.append(contentsOf: json.utf8)
            } else {
                result.append(rest[found.lowerBound...end + 1])
            }
            rest = rest[(end + 2)...]
            guard let next = rest.range(of: start) else { break }
            found = next
        }
        result.append(rest)
        return result
    }

    /// The index of a string's closing quote.
    private static func endOfString(_ text: Data) -> Data.Index? {
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "\"") { return at }
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
