// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A value of ``CheckedJSON`` as a decoder.
///
/// In each container one generic method decodes all integers that have at most 64 bits. Those of 128 bits have methods
/// of their own, because the standard library's default implementations would be used instead of the generic one.
final class DataNode: Decoder, SingleValueDecodingContainer {
    let text: CheckedJSON
    let place: Range<Int>
    private let parent: DataNode?
    private let key: (any CodingKey)?

    init(_ text: CheckedJSON, _ place: Range<Int>, in parent: DataNode? = nil, key: (any CodingKey)? = nil) {
        self.text = text
        self.place = place
        self.parent = parent
        self.key = key
    }

    var codingPath: [any CodingKey] { (parent?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The value as a type. Types for which `JSONDecoder` has rules of its own are decoded here by these rules, or
    /// fail.
    func value<T: Decodable>(_ type: T.Type) throws -> T {
        if type == UUID.self {
            guard let id = UUID(wireBytes: try text.content(place)) as? T else { throw text.failure() }
            return id
        }
        if type == Date.self {
            guard let date = Date(wireText: try text.string(place)) as? T else { throw text.failure() }
            return date
        }
        // JSONValue itself tries one type after the other, and each failed try would be a failure here.
        if type == JSONValue.self {
            guard codingPath.count < 8, let value = try text.json(place) as? T else { throw text.failure() }
            return value
        }
        if type == Data.self || type == URL.self || type == Decimal.self {
            throw text.failure()
        }
        return try T(from: self)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(DataMembers<Key>(node: self, members: try text.members(place)))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        DataElements(node: self, elements: try text.elements(place))
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { text.isNull(place) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try value(type) }
    func decode(_ type: Bool.Type) throws -> Bool { try text.bool(place) }
    func decode(_ type: String.Type) throws -> String { try text.string(place) }
    func decode(_ type: Double.Type) throws -> Double { Double(try text.wholeNumber(place, below: 1 << 53)) }
    func decode(_ type: Float.Type) throws -> Float { Float(try text.wholeNumber(place, below: 1 << 24)) }
    func decode<I: FixedWidthInteger & Decodable>(_ type: I.Type) throws -> I {
        try text.integer(type, place)
    }
    func decode(_ type: Int128.Type) throws -> Int128 { try text.integer(type, place) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try text.integer(type, place) }
}

/// The members of an object.
private struct DataMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: DataNode
    let members: [StrictJSON.Member]

    private var text: CheckedJSON { node.text }
    var codingPath: [any CodingKey] { node.codingPath }
    var allKeys: [Key] {
        members.compactMap { member in
            Key(stringValue: String(decoding: text.bytes[member.name], as: UTF8.self))
        }
    }

    private func find(_ key: Key) throws -> Range<Int>? {
        var name = key.stringValue
        return try name.withUTF8 { name in
            for member in members where member.name.count == name.count {
                guard let known = text.bytes.baseAddress, let wanted = name.baseAddress else { continue }
                if memcmp(known + member.name.lowerBound, wanted, name.count) == 0 { return member.value }
            }
            // A name beyond ASCII may be canonically equivalent to one in ASCII.
            if name.contains(where: { $0 >= 0x80 }) || name.isEmpty { throw text.failure() }
            return nil
        }
    }

    private func place(_ key: Key) throws -> Range<Int> {
        guard let place = try find(key) else { throw text.failure() }
        return place
    }

    private func child(_ key: Key) throws -> DataNode { DataNode(text, try place(key), in: node, key: key) }

    func contains(_ key: Key) -> Bool { (try? find(key)) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { text.isNull(try place(key)) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try child(key).value(type) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try text.bool(place(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try text.string(place(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try child(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try child(key).decode(type) }
    func decode<I: FixedWidthInteger & Decodable>(_ type: I.Type, forKey key: Key) throws -> I {
        try text.integer(type, place(key))
    }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try text.integer(type, place(key)) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try text.integer(type, place(key))
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        guard let place = try find(key), !text.isNull(place) else { return nil }
        return try text.string(place)
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let place = try find(key), !text.isNull(place) else { return nil }
        return try DataNode(text, place, in: node, key: key).value(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { throw text.failure() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw text.failure() }
}

/// The elements of an array.
private struct DataElements: UnkeyedDecodingContainer {
    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { "Index \(intValue ?? 0)" }
        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { return nil }
    }

    let node: DataNode
    let elements: [Range<Int>]
    private(set) var currentIndex = 0

    init(node: DataNode, elements: [Range<Int>]) {
        self.node = node
        self.elements = elements
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    private mutating func take<R>(_ read: (DataNode) throws -> R) throws -> R {
        guard !isAtEnd else { throw node.text.failure() }
        let child = DataNode(
            node.text, elements[currentIndex], in: node, key: Index(intValue: currentIndex))
        let result = try read(child)
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw node.text.failure() }
        let isNull = node.text.isNull(elements[currentIndex])
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try take { try $0.value(type) } }
    mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.decode(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try take { try $0.decode(type) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try take { try $0.decode(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try take { try $0.decode(type) } }
    mutating func decode<I: FixedWidthInteger & Decodable>(_ type: I.Type) throws -> I {
        try take { try $0.text.integer(type, $0.place) }
    }
    mutating func decode(_ type: Int128.Type) throws -> Int128 {
        try take { try $0.text.integer(type, $0.place) }
    }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        try take { try $0.text.integer(type, $0.place) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try take { try $0.container(keyedBy: type) } }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try $0.unkeyedContainer() }
    }
    mutating func superDecoder() throws -> any Decoder { throw node.text.failure() }
}
