// SPDX-License-Identifier: Apache-2.0

/// Records the members that a type decodes.
struct SchemaKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder
    /// The members whose presence the type checked: they are optional.
    private let asked = Names()

    private final class Names { var all: Set<String> = [] }

    init(recorder: SchemaRecorder) { self.recorder = recorder }

    var codingPath: [any CodingKey] { recorder.codingPath }

    /// Read by types that accept members of any name; returns one sample name.
    var allKeys: [Key] {
        guard !recorder.isEmpty, let key = Key(stringValue: "member") else { return [] }
        if case .map = recorder.node.kind { return [key] }
        guard recorder.node.members.isEmpty else { return [] }
        recorder.node.kind = .map(SchemaNode())
        return [key]
    }

    /// Called first by `decodeIfPresent`.
    func contains(_ key: Key) -> Bool {
        asked.all.insert(key.stringValue)
        return !recorder.isEmpty
    }

    func decodeNil(forKey key: Key) -> Bool {
        asked.all.insert(key.stringValue)
        return recorder.isEmpty
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try inner(key).value(type)
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard contains(key) else { return nil }
        let inner = try inner(key)
        return recorder.state.open.contains(ObjectIdentifier(type)) ? nil : try inner.value(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try inner(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try inner(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { recorder }

    func superDecoder(forKey key: Key) throws -> any Decoder { try inner(key) }

    private func inner(_ key: Key) throws -> SchemaRecorder {
        guard !recorder.isEmpty else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "a recursive type"))
        }
        if case .map(let value) = recorder.node.kind { return recorder.inner(value, key) }
        let name = key.stringValue
        if let member = recorder.node.members.first(where: { $0.name == name }) {
            return recorder.inner(member.node, key)
        }
        let node = SchemaNode()
        recorder.node.members.append(
            .init(name: name, node: node, isRequired: !asked.all.contains(name)))
        return recorder.inner(node, key)
    }
}

/// Yields one sample element.
struct SchemaUnkeyedContainer: UnkeyedDecodingContainer {
    let recorder: SchemaRecorder
    let element: SchemaNode
    private(set) var currentIndex = 0

    init(recorder: SchemaRecorder, element: SchemaNode) {
        self.recorder = recorder
        self.element = element
    }

    var codingPath: [any CodingKey] { recorder.codingPath }
    var count: Int? { recorder.isEmpty ? 0 : 1 }
    var isAtEnd: Bool { currentIndex >= (count ?? 0) }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().value(type) }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { next() }

    private mutating func next() -> SchemaRecorder {
        defer { currentIndex += 1 }
        return recorder.inner(element, Index(intValue: currentIndex))
    }

    private struct Index: CodingKey {
        var intValue: Int?
        var stringValue: String { "\(intValue ?? 0)" }
        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { nil }
    }
}

/// Yields a sample value.
struct SchemaSingleContainer: SingleValueDecodingContainer {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { recorder.codingPath }

    func decodeNil() -> Bool { recorder.isEmpty }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try recorder.value(type) }
}
