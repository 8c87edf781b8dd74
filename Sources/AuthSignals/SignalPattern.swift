// SPDX-License-Identifier: Apache-2.0

/// A topic pattern over signal names, as AMQP 0-9-1 has it: `*` is one word, `#` is none or more.
///
/// `account.*`, `socialaccount.#`, `*.user_logged_in`.
public struct SignalPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it is given to `queue.bind`.
    public let rawValue: String
    /// As bytes: AMQP compares bytes, and Swift takes texts of other bytes for equal.
    private let words: [[UInt8]]

    /// - Throws: ``SignalError`` with code ``SignalError/Code/invalidPattern`` for an empty pattern or one
    ///   over 255 bytes.
    public init(validating rawValue: String) throws(SignalError) {
        guard !rawValue.isEmpty, rawValue.utf8.count <= 255, !rawValue.utf8.contains(0) else {
            throw SignalError(
                .invalidPattern,
                "a pattern has 1 to 255 bytes, for example account.#, *.user_logged_in or billing.invoice_paid"
            )
        }
        self.rawValue = rawValue
        words = Self.words(of: rawValue)
    }

    /// Whether a message with that routing key reaches a queue that is bound with this pattern.
    public func matches(_ name: SignalName) -> Bool { matches(routingKey: name.rawValue) }

    /// Whether a message with that routing key reaches a queue that is bound with this pattern.
    public func matches(routingKey: String) -> Bool {
        let key = Self.words(of: routingKey)
        // reachable[j]: the words read so far of the pattern can stand for the first j words of the key.
        var reachable = [true] + Array(repeating: false, count: key.count)
        for word in words {
            var next = Array(repeating: false, count: key.count + 1)
            if word == [UInt8(ascii: "#")] {
                var seen = false
                for j in 0...key.count {
                    seen = seen || reachable[j]
                    next[j] = seen
                }
            } else {
                let any = word == [UInt8(ascii: "*")]
                for j in 0..<key.count where reachable[j] && (any || word == key[j]) {
                    next[j + 1] = true
                }
            }
            reachable = next
        }
        return reachable[key.count]
    }

    public var description: String { rawValue }

    /// RabbitMQ takes an empty key for no word, and an empty text beside a dot for a word.
    private static func words(of key: String) -> [[UInt8]] {
        guard !key.isEmpty else { return [] }
        return key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
    }
}

extension SignalPattern: ExpressibleByStringLiteral {
    /// A pattern written in the source; one that is malformed stops the program where it is written.
    public init(stringLiteral value: String) {
        do { try self.init(validating: value) } catch { preconditionFailure("\(error)") }
    }
}
