// SPDX-License-Identifier: Apache-2.0

/// How deep a JSON text nests, found before anything recursive reads it: a body of brackets alone is not to
/// exhaust a stack.
enum JSONNesting {
    /// No body of the API nests deeper than two.
    static let deepest = 32

    /// Whether the text stays within ``deepest``. It need not be well-formed.
    static func isAcceptable(_ bytes: some Sequence<UInt8>) -> Bool {
        var depth = 0
        var inString = false
        var escaped = false
        for byte in bytes {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > deepest { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return true
    }
}
