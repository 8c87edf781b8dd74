// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct SignalNameFilterTests {
    @Test(arguments: [
        ("account.password_*", "account.password_set", true),
        ("account.password_*", "account.password_", true),
        ("account.password_*", "account.email_added", false),
        ("account.*_*ed", "account.password_changed", true),
        ("account.*_*ed", "account.changed", false),
        ("account.*word*", "account.password_reset", true),
        ("account.*", "account.user_logged_in", true), ("account.*", "account", false),
        ("account.*", "account.a.b", false), ("account.#", "account.a.b", true),
        ("account.#", "account", true),
        ("#", "billing.invoice_paid", true), ("#.*_paid", "billing.a.invoice_paid", true),
        ("#.*_paid", "billing.a.invoice_sent", false), ("account.a", "account.a", true),
        ("account.a*a", "account.a", false), ("account.a**", "account.a", true),
    ])
    func `a star matches a word or a part of one, a hash any number of words`(
        filter: String, name: String, isMeant: Bool
    ) throws {
        #expect(try SignalNameFilter(validating: filter).matches(name) == isMeant)
    }

    @Test(arguments: [
        ("account.password_*", "account.*"), ("account.#", "account.#"), ("*_in", "*"),
        ("account.user_logged_in", "account.user_logged_in"), ("#.a*b.c", "#.*.c"),
    ])
    func `the binding of a filter has a star in place of a partial word`(filter: String, binding: String)
        throws
    {
        #expect(try SignalNameFilter(validating: filter).binding.rawValue == binding)
    }

    @Test(arguments: [
        ("#", true), ("account.#", true), ("#.account", true), ("account", false), ("#.#", true),
        ("*", false),
        ("*.*", true), ("*_in", false), ("account.*_in", true), ("account.1*", false), ("account.*1", true),
        ("account._a", false), ("account.*_a", true), ("Account.#", false), ("account..a", false),
        (".", false),
        ("account.a#", false), ("account.user logged", false), ("account.", false),
        ("account.caf\u{E9}", false),
        ("account." + String(repeating: "a", count: 119), true),
        ("account." + String(repeating: "a", count: 120), false),
        ("account." + String(repeating: "*.", count: 60) + "a", false), ("account.#.#.#", true),
    ])
    func `detects a pattern that cannot match any signal name`(text: String, isPossible: Bool) throws {
        let filter = try SignalNameFilter(validating: text)
        #expect(filter.canMatchSignals == isPossible)
        // A binding matches whole words: a star inside a word is an ordinary character there.
        let hasPart = text.split(separator: ".").contains { $0.contains("*") && $0.count > 1 }
        #expect(try SignalPattern(validating: text).canMatchSignals == (isPossible && !hasPart))
    }

    @Test(arguments: ["", "a\0b", String(repeating: "a", count: 256)])
    func `rejects an invalid filter`(text: String) {
        #expect(throws: SignalError.self) { try SignalNameFilter(validating: text) }
    }
}
