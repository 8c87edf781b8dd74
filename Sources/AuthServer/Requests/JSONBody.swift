// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The JSON object of a request's body; empty if the request has no body.
struct JSONBody: Sendable {
    var members: [String: JSONValue] = [:]

    init() {}

    /// The maximum nesting; valid bodies of the API have at most two levels.
    private static let maximumDepth = 32

    /// Parses a body strictly: one object in UTF-8, with limited nesting, that every parser reads alike. Otherwise this
    /// server and a proxy or a log could see different values of a duplicate member.
    init(_ bytes: ByteBuffer) throws(InputRefused) {
        let data = Data(bytes.readableBytesView)
        if data.isEmpty { return }
        do throws(StrictJSON.Fault) {
            try StrictJSON.validate(data, maximumDepth: Self.maximumDepth)
        } catch {
            throw .malformed
        }
        guard case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: data) else {
            throw .malformed
        }
        self.members = members
    }

    /// Reads the members into a form.
    ///
    /// - Throws: ``InputRefused`` with every member that has the wrong type.
    func read<Form>(_ make: (inout JSONMembers) -> Form) throws(InputRefused) -> Form {
        var reader = JSONMembers(members: members)
        let form = make(&reader)
        if !reader.refusals.isEmpty { throw InputRefused(refusals: reader.refusals) }
        return form
    }
}

/// Reads members with the required types and collects all errors. Null means absent.
struct JSONMembers {
    let members: [String: JSONValue]
    private(set) var refusals: [Refusal] = []

    init(members: [String: JSONValue]) { self.members = members }

    /// A string without NUL characters.
    mutating func text(_ name: String) -> String? {
        switch members[name] {
        case nil, .null?: return nil
        case .string(let text)?:
            if !text.utf8.contains(0) { return text }
            refusals.append(Refusal(.invalid, field: name, .nullCharacters))
        default: refuse(name, "This must be a string.")
        }
        return nil
    }

    mutating func password(_ name: String) -> Password? { text(name).map { Password($0) } }

    /// `true` or `false`.
    mutating func bool(_ name: String) -> Bool? {
        switch members[name] {
        case nil, .null?: return nil
        case .bool(let value)?: return value
        default: refuse(name, "This must be true or false.")
        }
        return nil
    }

    /// A required list of strings.
    mutating func requiredTexts(_ name: String) -> [String] {
        switch members[name] {
        case nil, .null?: require(false, name)
        case .array(let values)?:
            let texts = values.compactMap(\.string)
            if texts.count == values.count { return texts }
            refuse(name, "This must be a list of strings.")
        default: refuse(name, "This must be a list of strings.")
        }
        return []
    }

    /// A token: a required object of strings.
    mutating func token<Value>(_ name: String, _ make: (inout JSONMembers) -> Value) -> Value? {
        guard case .object(let inner)? = members[name] else {
            refusals.append(Refusal(.invalidToken, field: name, .invalidToken))
            return nil
        }
        var reader = JSONMembers(members: inner)
        let value = make(&reader)
        if reader.refusals.isEmpty { return value }
        refusals.append(Refusal(.tokenRequired, field: name, .tokenRequired))
        return nil
    }

    /// A required string.
    mutating func required(_ name: String) -> String {
        require(members[name] ?? .null != .null, name)
        return text(name) ?? ""
    }

    /// A boolean that must be true.
    mutating func requireTrue(_ name: String) {
        let faults = refusals.count
        let value = bool(name)
        if refusals.count == faults { require(value == true, name) }
    }

    private mutating func require(_ isThere: Bool, _ name: String) {
        if !isThere { refusals.append(Refusal(.required, field: name, .required)) }
    }

    private mutating func refuse(_ name: String, _ message: String) {
        refusals.append(Refusal(.invalid, field: name, message))
    }
}
