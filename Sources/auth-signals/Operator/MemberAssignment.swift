// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import Foundation

/// A member of a signal's data with a new value, from the command line: `user.email=ada@example.org`.
struct MemberAssignment: Sendable {
    /// The names of the members from `data` downwards; the element of an array is named by its number, from 0.
    var path: [String]
    var text: String

    /// The member's name in error messages: `user.email`.
    var name: String { path.joined(separator: ".") }

    /// - Throws: `ValidationError`; the command line parser adds the option's name.
    init(parsing argument: String) throws {
        guard let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            throw ValidationError("must be MEMBER=VALUE, for example user.email=ada@example.org")
        }
        path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        text = String(argument[argument.utf8.index(after: equals)...])
        guard !path.contains("") else {
            throw ValidationError("'\(argument[..<equals])' is not a member: names are separated by one dot")
        }
    }

    /// The values that the text may stand for, the most likely one first: JSON, if it is JSON, otherwise a string. A
    /// number and a boolean may also be meant as a string.
    var candidates: [JSONValue] {
        guard let value = try? JSONValue.reading(Data(text.utf8)) else { return [.string(text)] }
        return switch value {
        case .bool, .integer, .number: [value, .string(text)]
        default: [value]
        }
    }

    /// The data with the member replaced.
    ///
    /// - Throws: `ValidationError` if the data has no such member; the message lists those that exist.
    func replacing(in data: JSONValue, with value: JSONValue) throws -> JSONValue {
        try replacing(path[...], in: data, with: value)
    }

    private func replacing(
        _ rest: ArraySlice<String>, in value: JSONValue, with new: JSONValue
    ) throws -> JSONValue {
        guard let step = rest.first else { return new }
        let parent = (["data"] + path[..<rest.startIndex]).joined(separator: ".")
        switch value {
        case .object(var members):
            guard let member = members[step] else {
                throw ValidationError(
                    "\(parent) has no member '\(step)'; its members: "
                        + members.keys.sorted().joined(separator: ", "))
            }
            members[step] = try replacing(rest.dropFirst(), in: member, with: new)
            return .object(members)
        case .array(var elements):
            guard let index = Int(step), elements.indices.contains(index) else {
                throw ValidationError(
                    "\(parent) has no element '\(step)'; it has \(elements.count) elements, the first is 0")
            }
            elements[index] = try replacing(rest.dropFirst(), in: elements[index], with: new)
            return .array(elements)
        default:
            throw ValidationError("\(parent) has no members")
        }
    }
}
