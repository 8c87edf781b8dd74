// SPDX-License-Identifier: Apache-2.0

/// Redacts personal members of a signal's data, for logs and terminals.
public enum Redaction {
    /// The members that the `thin` profile omits, sealed tokens, and ids at providers.
    private static let personal: Set<String> = [
        "email", "username", "ip", "user_agent", "extra_data", "token", "uid",
    ]

    /// The value with personal members replaced by `…`, at any depth.
    public static func redact(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object, .objectOfMembers:
            return value.changingMembers { member in
                personal.contains(member.name) && member.value != .null ? "…" : redact(member.value)
            }
        case .array(let elements): return .array(elements.map(redact))
        default: return value
        }
    }
}
