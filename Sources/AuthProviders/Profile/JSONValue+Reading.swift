// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension JSONValue {
    /// The text of a member. An integer becomes its digits, because the ids of several providers are numbers. Nil for
    /// an empty text and anything else.
    public func text(_ member: String) -> String? {
        switch self[member] {
        case .string(let text)?: text.isEmpty ? nil : text
        case .integer(let number)?: String(number)
        default: nil
        }
    }

    /// Whether a member is true, or the string `"true"`, which Apple and Amazon send.
    public func flag(_ member: String) -> Bool {
        switch self[member] {
        case .bool(let value)?: value
        case .string(let text)?: text.lowercased() == "true"
        default: false
        }
    }

    /// The elements of an array; empty for anything else.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The object without a member.
    func removing(_ member: String) -> JSONValue {
        changingMembers { $0.name == member ? nil : $0.value }
    }

    /// The object with a member set.
    func setting(_ member: String, to value: JSONValue?) -> JSONValue {
        let others = removing(member)
        guard let members = others.members, let value else { return others }
        return JSONValue(members: members + [JSONValue.Member(name: member, value: value)])
    }
}
