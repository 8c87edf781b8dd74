// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The JSON Schema of a signal's `data`, derived from the type that decodes it.
///
/// A member is required if the type cannot be decoded without it; an optional member may also be null.
/// Members that the schema does not list may be present. A ``Personal`` member, which the `thin` profile omits, has
/// `x-personal`.
public struct SignalSchema: Sendable {
    /// A member of `data`, at any depth.
    public struct Member: Hashable, Sendable {
        /// Its path: `user.email`. `[]` stands for an array's element, `*` for a member of any name.
        public var path: String
        /// The JSON type with its format: `string`, `string (date-time)`, `array`, `any`.
        public var kind: String
        /// Whether the member is always present.
        public var isRequired: Bool
        /// Whether it is absent in the `thin` profile.
        public var isPersonal: Bool
        /// The known values of an open enumeration.
        public var knownValues: [String]
    }

    public let name: SignalName
    public let version: Int
    /// When the signal is sent.
    public let summary: String
    /// The names of the personal members, at any depth.
    let personalNames: Set<String>
    /// All members in the type's order, each before its nested members.
    public let members: [Member]
    private let shape: [String: JSONValue]

    /// Derives the schema.
    ///
    /// - Throws: ``SignalError`` with code ``SignalError/Code/notDescribable`` if the type rejects every sample value:
    ///   make the member's type `CaseIterable` or an ``OpenEnumeration``.
    public init(of signal: any Signal.Type) throws(SignalError) {
        name = signal.name
        version = signal.schemaVersion
        summary = signal.summary
        let node = try Self.node(of: signal)
        shape = node.schema()
        members = Self.members(of: node, within: "")
        personalNames = node.personalNames
    }

    /// The schema of `data` as a document of JSON Schema 2020-12.
    ///
    /// - Parameter schemaBase: the prefix of `dataschema`; without it the document has no `$id`.
    public func document(schemaBase: String? = nil) -> JSONValue {
        var document = shape
        document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        if let schemaBase { document["$id"] = .string("\(schemaBase)/\(name)/\(version)") }
        document["title"] = .string(name.rawValue)
        if !summary.isEmpty { document["description"] = .string(summary) }
        return .object(document)
    }

    /// The schema of `data` without `$schema`, `$id` and title, to be embedded in another document.
    public var fragment: JSONValue { .object(shape) }

    /// The members of `data` itself.
    public var topMembers: [Member] {
        members.filter { !$0.path.contains(".") && !$0.path.hasSuffix("[]") && !$0.path.hasSuffix("*") }
    }

    // MARK: Deriving

    private static func node<S: Signal>(of type: S.Type) throws(SignalError) -> SchemaNode {
        var fault: (any Error)?
        for attempt in SchemaRecorder.samples.indices {
            let node = SchemaNode()
            let recorder = SchemaRecorder(
                node: node, state: .init(attempt: attempt), sample: attempt, isEmpty: false, codingPath: [])
            do {
                let sample = try recorder.value(type)
                node.markPersonal(
                    standard: try json(of: sample, .standard), thin: try json(of: sample, .thin))
                return node
            } catch {
                fault = fault ?? error
            }
        }
        let path = (fault as? DecodingError)?.path ?? []
        throw SignalError(
            .notDescribable,
            "no schema of \(S.name) could be derived"
                + (path.isEmpty ? "" : ": \(path.joined(separator: ".")) rejects every sample value")
                + "; make the types of its members CaseIterable or OpenEnumeration")
    }

    private static func json(of signal: some Signal, _ profile: PayloadProfile) throws -> JSONValue {
        let data = try PayloadProfile.$current.withValue(profile) { try SignalCodec.bytes(of: signal) }
        return try SignalCodec.decoder().decode(JSONValue.self, from: data)
    }

    private static func members(of node: SchemaNode, within path: String) -> [Member] {
        switch node.kind {
        case .array(let element): members(of: element, within: path + "[]")
        case .map(let value): members(of: value, within: path + ".*")
        case .object:
            node.members.flatMap { member in
                let path = path.isEmpty ? member.name : "\(path).\(member.name)"
                let (kind, values) = member.node.words
                return [
                    Member(
                        path: path, kind: kind, isRequired: member.isRequired, isPersonal: member.isPersonal,
                        knownValues: values)
                ] + members(of: member.node, within: path)
            }
        default: []
        }
    }
}

extension SchemaNode {
    fileprivate var words: (kind: String, values: [String]) {
        switch kind {
        case .any: return ("any", [])
        case .bool: return ("boolean", [])
        case .integer: return ("integer", [])
        case .number: return ("number", [])
        case .string(let format, let examples):
            return (format.map { "string (\($0))" } ?? "string", examples)
        case .array(let element):
            let (kind, values) = element.words
            return ("array of \(kind)", values)
        case .map(let value):
            let (kind, values) = value.words
            return ("object of \(kind)", values)
        case .object: return ("object", [])
        }
    }
}

extension DecodingError {
    fileprivate var path: [String] {
        let context: Context? =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        return (context?.codingPath ?? []).map(\.stringValue)
    }
}
