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

    /// An object of members in their order; of a name that comes twice byte by byte the first one.
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

    /// The object with each of its members changed, or left out where `change` returns nil; itself for anything else.
    package func changingMembers(_ change: (Member) -> JSONValue?) -> JSONValue {
        guard let members else { return self }
        return JSONValue(
            members: members.compactMap { member in
                change(member).map { Member(name: member.name, value: $0) }
            })
    }
}

/// How an object that a dictionary cannot hold passes through Foundation's coders, whose dictionaries cannot hold it
/// either: as an object with one member, whose name is ``name`` and whose value is the object's JSON as a text.
///
/// What is stored within other values stays so; ``SignalCodec/bytes(of:_:)`` writes the object itself.
enum WrappedObject {
    /// The name of the only member; a NUL is in no name that people give.
    static let name = "\u{0}json"

    /// How the wrapped object begins in JSON.
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

    /// The object that a member's text is; nil where it is none.
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

    /// Where a string's closing quote is.
    private static func endOfString(_ text: Data) -> Data.Index? {
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "\"") { return at }
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
