// SPDX-License-Identifier: Apache-2.0

/// A change of a signal's schema that breaks a reader: a subscriber that reads new messages by the old schema, or a
/// worker that reads old messages, which still wait in queues, by the new one.
public struct SchemaBreach: Hashable, Sendable, CustomStringConvertible {
    /// The kind of change; more kinds may be added.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        private init(_ description: String) { self.description = description }

        /// The signal, or this version of its schema, no longer exists.
        public static let signalRemoved = Kind("is no longer in the catalogue")
        /// The member was removed or renamed.
        public static let removed = Kind("was removed or renamed")
        /// The member has another JSON type or format.
        public static let retyped = Kind("has another type")
        /// The member must be present, which it is not in messages that were sent before.
        public static let nowRequired = Kind("is newly required")
        /// The member was always present, and may now be absent.
        public static let noLongerRequired = Kind("is no longer required")
        /// The member is absent in the `thin` profile, in which it was present.
        public static let nowPersonal = Kind("became personal")
        /// The member could have any value of its type, and now has only some.
        public static let closed = Kind("became a closed enumeration")
        /// A known value was removed or renamed, or the values of a closed enumeration changed.
        public static let values = Kind("has other values")
        /// Another rule of the schema changed, for example `minimum` or `pattern`.
        public static let rule = Kind("has another rule")
    }

    /// The schema's name, for example `account.user_logged_in.1`; empty if a pair of schemas without names was
    /// compared.
    public var schema: String
    /// The member's path in `data`, for example `user.email`; `[]` stands for an array's element, `*` for a member of
    /// any name. Empty for the schema itself.
    public let member: String
    public let kind: Kind

    init(schema: String = "", member: String = "", _ kind: Kind) {
        self.schema = schema
        self.member = member
        self.kind = kind
    }

    public var description: String {
        let subject = [schema, member].filter { !$0.isEmpty }.joined(separator: ": ")
        return "\(subject.isEmpty ? "the schema" : subject) \(kind)"
    }
}

/// Compares two versions of a schema: only optional members and known values of open enumerations may be added.
public enum SchemaCompatibility {
    /// The changes that break a reader; empty if the new schema is compatible.
    ///
    /// Titles, descriptions and other annotations may change. A keyword that is not one of those that the derived
    /// schemas use must not change.
    ///
    /// - Parameters:
    ///   - old: the released schema, JSON Schema 2020-12.
    ///   - new: the schema of the code, ``SignalSchema/document(schemaBase:)``.
    public static func breaches(from old: JSONValue, to new: JSONValue) -> [SchemaBreach] {
        breaches(from: old, to: new, at: "", nullMayChange: false)
    }

    /// Keywords that describe and do not restrict, and those that are compared one by one.
    private static let separate: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "default", "deprecated", "readOnly",
        "writeOnly", "examples", "type", "format", "contentEncoding", "properties", "required", "items",
        "additionalProperties", "enum", "const",
    ]

    /// - Parameter nullMayChange: an optional member may also be null, so that a change of null is reported as a
    ///   change of `required` only.
    private static func breaches(
        from old: JSONValue, to new: JSONValue, at path: String, nullMayChange: Bool
    ) -> [SchemaBreach] {
        guard case .object(let old) = old, case .object(let new) = new else {
            // `true` or `false`, which allow everything or nothing.
            return old == new ? [] : [SchemaBreach(member: path, .rule)]
        }
        let (oldTypes, newTypes) = (types(of: old), types(of: new))
        let null: Set = ["null"]
        if oldTypes?.subtracting(null) != newTypes?.subtracting(null)
            || old["format"] != new["format"] || old["contentEncoding"] != new["contentEncoding"]
            || (!nullMayChange && oldTypes != newTypes)
        {
            // What it contains is of another type, too.
            return [SchemaBreach(member: path, .retyped)]
        }
        var breaches: [SchemaBreach] = []
        if new["x-personal"] == true, old["x-personal"] != true {
            breaches.append(SchemaBreach(member: path, .nowPersonal))
        }
        breaches += values(from: old, to: new, at: path)
        let rules = Set(old.keys).union(new.keys).subtracting(separate).filter { !$0.hasPrefix("x-") }
        if rules.contains(where: { old[$0] != new[$0] }) {
            breaches.append(SchemaBreach(member: path, .rule))
        }
        breaches += members(from: old, to: new, at: path)
        breaches += element(from: old["items"], to: new["items"], at: path + "[]")
        breaches += element(
            from: old["additionalProperties"], to: new["additionalProperties"], at: joined(path, "*"))
        return breaches
    }

    private static func values(
        from old: [String: JSONValue], to new: [String: JSONValue], at path: String
    ) -> [SchemaBreach] {
        for keyword in ["enum", "const"] where old[keyword] != new[keyword] {
            return [SchemaBreach(member: path, old[keyword] == nil ? .closed : .values)]
        }
        // The known values of an open enumeration.
        let isComplete = elements(of: old["examples"]).isSubset(of: elements(of: new["examples"]))
        return isComplete ? [] : [SchemaBreach(member: path, .values)]
    }

    private static func members(
        from old: [String: JSONValue], to new: [String: JSONValue], at path: String
    ) -> [SchemaBreach] {
        let (oldMembers, newMembers) = (properties(of: old), properties(of: new))
        let (wasRequired, isRequired) = (elements(of: old["required"]), elements(of: new["required"]))
        var breaches: [SchemaBreach] = []
        let required = wasRequired.union(isRequired).compactMap(\.string)
        for name in Set(oldMembers.keys).union(newMembers.keys).union(required).sorted() {
            let place = joined(path, name)
            let (oldMember, newMember) = (oldMembers[name], newMembers[name])
            if oldMember != nil, newMember == nil {
                breaches.append(SchemaBreach(member: place, .removed))
                continue
            }
            let (was, now) = (wasRequired.contains(.string(name)), isRequired.contains(.string(name)))
            if was, !now { breaches.append(SchemaBreach(member: place, .noLongerRequired)) }
            if now, !was { breaches.append(SchemaBreach(member: place, .nowRequired)) }
            if let oldMember, let newMember {
                breaches += Self.breaches(
                    from: oldMember, to: newMember, at: place, nullMayChange: was != now)
            }
        }
        return breaches
    }

    private static func element(
        from old: JSONValue?, to new: JSONValue?, at path: String
    ) -> [SchemaBreach] {
        switch (old, new) {
        case (let old?, let new?): breaches(from: old, to: new, at: path, nullMayChange: false)
        case (nil, nil): []
        default: [SchemaBreach(member: path, .retyped)]
        }
    }

    // MARK: Reading a schema

    /// Nil if the schema allows every type.
    private static func types(of schema: [String: JSONValue]) -> Set<String>? {
        switch schema["type"] {
        case .string(let name): [name]
        case .array(let names): Set(names.compactMap(\.string))
        default: nil
        }
    }

    private static func properties(of schema: [String: JSONValue]) -> [String: JSONValue] {
        guard case .object(let members) = schema["properties"] else { return [:] }
        return members
    }

    private static func elements(of value: JSONValue?) -> Set<JSONValue> {
        guard case .array(let elements) = value else { return [] }
        return Set(elements)
    }

    private static func joined(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}
