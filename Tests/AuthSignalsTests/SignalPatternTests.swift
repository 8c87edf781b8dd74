// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct SignalPatternTests {
    @Test(arguments: [
        ("account.user_logged_in", "account.user_logged_in", true),
        ("account.*", "account.user_logged_in", true),
        ("*.user_logged_in", "account.user_logged_in", true),
        ("account.*", "account", false),
        ("account.*", "account.a.b", false),
        ("account.#", "account", true),
        ("account.#", "account.a.b", true),
        ("account.#", "accounts.a", false),
        ("#.b", "b", true),
        ("#.b", "a.a.b", true),
        ("a.#.b", "a.b", true),
        ("a.#.b", "a.x.y.b", true),
        ("a.#.b", "a.x.y.b.c", false),
        ("#.#", "a", true),
        ("*.#.*", "a", false),
        ("*.#.*", "a.b", true),
        ("acc*", "account", false),
        ("account.user_*", "account.user_logged_in", false),
        ("#", "a.b.c", true),
        // As in RabbitMQ: an empty key has no words, and a dot has an empty word on either side.
        ("#", "", true),
        ("*", "", false),
        ("*", "a", true),
        ("*.*", ".", true),
        ("a.*", "a.", true),
        // Different bytes are a different key, even if Swift compares the strings as equal.
        ("caf\u{E9}.a", "cafe\u{301}.a", false),
        ("a.\u{301}b", "a.\u{301}b", true),
        ("*.*", "a.\u{301}b", true),
    ])
    func `matches as a topic exchange does`(pattern: String, key: String, expected: Bool) throws {
        #expect(try SignalPattern(validating: pattern).matches(routingKey: key) == expected)
    }

    @Test func `agrees with the definition for every pattern and key of up to four words`() throws {
        let keys = sequences(of: ["a", "b"], upTo: 4)
        for pattern in sequences(of: ["a", "*", "#"], upTo: 4) where !pattern.isEmpty {
            let fast = try SignalPattern(validating: pattern.joined(separator: "."))
            for key in keys {
                let text = key.joined(separator: ".")
                #expect(
                    fast.matches(routingKey: text) == Self.matches(pattern[...], key[...]),
                    "pattern \(fast), key \(text)")
            }
        }
    }

    /// AMQP 0-9-1, 3.1.3.3: `*` is exactly one word, `#` is zero or more.
    private static func matches(_ pattern: ArraySlice<String>, _ key: ArraySlice<String>) -> Bool {
        guard let word = pattern.first else { return key.isEmpty }
        if word == "#" {
            return (0...key.count).contains { matches(pattern.dropFirst(), key.dropFirst($0)) }
        }
        guard let first = key.first, word == "*" || word == first else { return false }
        return matches(pattern.dropFirst(), key.dropFirst())
    }

    private func sequences(of words: [String], upTo length: Int) -> [[String]] {
        var all: [[String]] = [[]]
        var last = all
        for _ in 0..<length {
            last = last.flatMap { sequence in words.map { sequence + [$0] } }
            all += last
        }
        return all
    }

    @Test func `many hashes do not make matching slow`() throws {
        let pattern = try SignalPattern(
            validating: Array(repeating: "#.a", count: 60).joined(separator: ".") + ".b")
        let key = Array(repeating: "a", count: 120).joined(separator: ".")
        let took = ContinuousClock().measure { #expect(!pattern.matches(routingKey: key)) }
        #expect(took < .seconds(5))
    }

    @Test func `rejects a pattern that AMQP cannot carry`() {
        for text in ["", String(repeating: "a", count: 256), "a.\0"] {
            #expect {
                try SignalPattern(validating: text)
            } throws: {
                ($0 as? SignalError)?.code == .invalidPattern
            }
        }
    }

    @Test func `matches signal names like routing keys`() {
        let pattern: SignalPattern = "account.*"
        #expect(pattern.matches("account.email_added"))
        #expect(!pattern.matches("socialaccount.pre_social_login"))
        #expect("\(pattern)" == "account.*")
    }
}
