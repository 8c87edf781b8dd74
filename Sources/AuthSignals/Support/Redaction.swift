// SPDX-License-Identifier: Apache-2.0

/// Hides what is personal in a signal's data: for logs and terminals.
public enum Redaction {
    /// The members that the `thin` profile leaves out, and sealed tokens.
    private static let personal: Set<String> = [
        "email", "username", "ip", "user_agent", "extra_data", "token", "uid",
    ]

    /// The same value with `…` in place of what is personal, at any depth.
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
