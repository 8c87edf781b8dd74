// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A decoder without input: it returns a sample for every value a type decodes, and records the request.
/// So the schema is derived from the code that reads the message, and works for every `Codable` signal.
struct SchemaRecorder: Decoder {
    /// State shared by all values of one attempt.
    final class State {
        /// The index of the first sample; each attempt starts at another one.
        let attempt: Int
        /// The types being decoded, outermost first. It ends the recursion of a type that contains itself.
        var open: [ObjectIdentifier] = []
        init(attempt: Int) { self.attempt = attempt }
    }

    /// Sample strings in common formats. A type that needs another format must be an `OpenEnumeration` or
    /// `CaseIterable`; otherwise no schema can be derived.
    static let samples = [
        "", "a", "a.b", "1", "0199f0c2-0000-7000-8000-000000000000", "2026-11-23T08:00:00.000Z",
        "https://example.org/", "jane@example.org", "127.0.0.1",
    ]

    let node: SchemaNode
    let state: State
    /// The index of the sample it returns.
    let sample: Int
    /// Whether it reports every value as absent, because the type contains itself.
    let isEmpty: Bool
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        if !isEmpty { node.kind = .object }
        return KeyedDecodingContainer(SchemaKeyedContainer(recorder: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        let element = SchemaNode()
        if !isEmpty { node.kind = .array(element) }
        return SchemaUnkeyedContainer(recorder: self, element: element)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { SchemaSingleContainer(recorder: self) }

    /// The recorder of a nested value.
    func inner(_ node: SchemaNode, _ key: any CodingKey) -> SchemaRecorder {
        SchemaRecorder(
            node: node, state: state, sample: state.attempt, isEmpty: false, codingPath: codingPath + [key])
    }

    /// A type contains itself as a required member.
    private struct WithinItself: Error {}

    private func with(sample: Int, isEmpty: Bool) -> SchemaRecorder {
        SchemaRecorder(node: node, state: state, sample: sample, isEmpty: isEmpty, codingPath: codingPath)
    }

    /// A sample of a type; what the type decodes is recorded in the node.
    func value<T: Decodable>(_ type: T.Type) throws -> T {
        if let value = scalar(type) ?? known(type) { return value }
        let identifier = ObjectIdentifier(type)
        if state.open.contains(identifier) {
            guard let value = try? T(from: with(sample: sample, isEmpty: true)) else { throw WithinItself() }
            return value
        }
        state.open.append(identifier)
        defer { state.open.removeLast() }
        var fault: (any Error)?
        for offset in Self.samples.indices {
            do {
                let sample = (state.attempt + offset) % Self.samples.count
                return try T(from: with(sample: sample, isEmpty: false))
            } catch is WithinItself {
                // An array of the enclosing type: it may be empty.
                return try T(from: with(sample: sample, isEmpty: true))
            } catch {
                fault = fault ?? error
                // Another string or number may be accepted. Other samples of a whole object belong to the next attempt.
                switch node.kind {
                case .string, .integer, .number: continue
                default: throw error
                }
            }
        }
        throw fault ?? CocoaError(.coderInvalidValue)
    }

    /// A sample of a JSON scalar.
    private func scalar<T>(_ type: T.Type) -> T? {
        func answer(_ kind: SchemaNode.Kind, _ value: Any) -> T? {
            node.kind = kind
            return value as? T
        }
        if type is Bool.Type { return answer(.bool, false) }
        if type is String.Type { return answer(.string(format: nil, examples: []), Self.samples[sample]) }
        if let integer = type as? any FixedWidthInteger.Type {
            return answer(.integer(fromZero: !integer.isSigned), integer.init(truncatingIfNeeded: sample))
        }
        if let number = type as? any BinaryFloatingPoint.Type { return answer(.number, number.init(sample)) }
        return nil
    }

    /// A sample of a type with its own format on the wire.
    private func known<T>(_ type: T.Type) -> T? {
        func answer(_ format: String?, _ value: Any?, _ examples: [String] = []) -> T? {
            node.kind = .string(format: format, examples: examples)
            return value as? T
        }
        switch type {
        case is Date.Type: return answer("date-time", Date(timeIntervalSince1970: Double(sample)))
        case is UUID.Type: return answer("uuid", UUID(uuidString: Self.samples[4]))
        case is URL.Type: return answer("uri", URL(string: "https://example.org/"))
        case is Data.Type: return answer("base64", Data())
        case is JSONValue.Type:
            node.kind = .any
            return JSONValue.object([:]) as? T
        case is Decimal.Type:
            node.kind = .number
            return Decimal(sample) as? T
        default: break
        }
        if let open = type as? any OpenEnumeration.Type {
            let known = open.knownTexts
            return answer(nil, open.init(rawValue: known.first ?? ""), known)
        }
        if let cases = (type as? any CaseIterable.Type)?.erasedCases, let first = cases.first {
            let texts = cases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
            if texts.count == cases.count { return answer(nil, first, texts) }
        }
        return nil
    }
}

extension OpenEnumeration {
    fileprivate static var knownTexts: [String] { knownValues.map(\.rawValue) }
}

extension CaseIterable {
    fileprivate static var erasedCases: [Any] { Array(allCases) }
}
