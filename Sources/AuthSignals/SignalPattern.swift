// SPDX-License-Identifier: Apache-2.0

/// A topic pattern over signal names, as defined by AMQP 0-9-1: `*` is one word, `#` is zero or more words.
///
/// `account.*`, `socialaccount.#`, `*.user_logged_in`.
public struct SignalPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as passed to `queue.bind`.
    public let rawValue: String
    /// As bytes: AMQP compares bytes, but Swift treats canonically equivalent strings as equal.
    private let words: [[UInt8]]

    /// - Throws: ``SignalError`` with code ``SignalError/Code/invalidPattern`` for an empty pattern or one
    ///   over 255 bytes.
    public init(validating rawValue: String) throws(SignalError) {
        guard !rawValue.isEmpty, rawValue.utf8.count <= 255, !rawValue.utf8.contains(0) else {
            throw SignalError(
                .invalidPattern,
                "a pattern must have 1 to 255 bytes, for example account.#, *.user_logged_in or billing.invoice_paid"
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
        // reachable[j]: the words of the pattern read so far can match the first j words of the key.
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

    /// Whether any signal name can match. `Account.#`, `account` and `account..x` are valid for the broker, but match
    /// no signal name.
    public var canMatchSignals: Bool {
        Self.canMatchSignals(words) { word in
            word == [UInt8(ascii: "*")] || SignalName.isWord(word) ? word.count : nil
        }
    }

    /// Whether the words of a pattern can match a signal name, which has at least two words and a maximum length.
    ///
    /// - Parameter shortest: returns the length in bytes of the shortest word that a word of the pattern, other than
    ///   `#`, can match; nil if it matches none.
    static func canMatchSignals(_ words: [[UInt8]], _ shortest: ([UInt8]) -> Int?) -> Bool {
        let hash = [UInt8(ascii: "#")]
        let fixed = words.filter { $0 != hash }
        var lengths: [Int] = []
        for word in fixed {
            guard let length = shortest(word) else { return false }
            lengths.append(length)
        }
        if fixed.count < 2 {
            // A hash matches the missing words.
            guard words.contains(hash) else { return false }
            lengths += Array(repeating: 1, count: 2 - fixed.count)
        }
        return lengths.reduce(lengths.count - 1, +) <= SignalName.longest
    }

    public var description: String { rawValue }

    /// RabbitMQ treats an empty key as zero words, and an empty string next to a dot as a word.
    private static func words(of key: String) -> [[UInt8]] {
        guard !key.isEmpty else { return [] }
        return key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
    }
}

extension SignalPattern: ExpressibleByStringLiteral {
    /// A literal pattern; a malformed literal ends the program.
    public init(stringLiteral value: String) {
        do { try self.init(validating: value) } catch { preconditionFailure("\(error)") }
    }
}
