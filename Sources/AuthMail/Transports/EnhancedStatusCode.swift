// SPDX-License-Identifier: Apache-2.0

/// An enhanced mail system status code (RFC 3463) at the beginning of a reply's text (RFC 2034): `5.7.1`.
///
/// A reply code such as 550 or 554 does not tell whether the recipient or the sender causes a refusal; the second and
/// third number do.
struct EnhancedStatusCode: Hashable, Sendable {
    /// 1 addressing, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 security and policy.
    var subject: Int
    var detail: Int

    init(_ subject: Int, _ detail: Int) {
        self.subject = subject
        self.detail = detail
    }

    /// Reads the last line of a reply, such as `550 5.1.1 no such mailbox`; nil if it contains no enhanced status code.
    init?(reply: String) {
        let bytes = Array(reply.utf8.prefix(32))
        guard bytes.count > 4, bytes[3] == UInt8(ascii: " ") || bytes[3] == UInt8(ascii: "-") else {
            return nil
        }
        let word = bytes[4...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "#") }
            .prefix { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let numbers = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ (1...3).contains($0.count) }) else { return nil }
        let values = numbers.map { $0.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
        guard [2, 4, 5].contains(values[0]) else { return nil }
        self.init(values[1], values[2])
    }
}
