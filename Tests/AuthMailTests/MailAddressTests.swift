// SPDX-License-Identifier: Apache-2.0
import AuthMail
import Testing

@Suite struct MailAddressTests {
    @Test(
        arguments: [
            ("ann@example.org", nil, "ann@example.org"),
            ("  ann@example.org ", nil, "ann@example.org"),
            ("Ann <ann@example.org>", "Ann", "ann@example.org"),
            ("<ann@example.org>", nil, "ann@example.org"),
            ("\"Ann, \\\"the\\\" first\" <ann@example.org>", "Ann, \"the\" first", "ann@example.org"),
            ("Änn <änn@bücher.example>", "Änn", "änn@bücher.example"),
        ] as [(String, String?, String)])
    func `parses an address with or without a display name`(text: String, name: String?, address: String)
        throws
    {
        let read = try MailAddress(parsing: text)
        #expect(read.name == name)
        #expect(read.address == address)
    }

    @Test(arguments: [
        "", "ann", "@example.org", "ann@", "ann@b@c", "a b@example.org",
        "ann@example.org\r\nBcc: eve@example.org",
        "ann@example.org\n", "ann\u{0}@example.org", "ann@example.org>", "<ann@example.org",
        "ann@exam\u{85}ple.org",
        "ann@exam\u{2028}ple.org", "ann,eve@example.org", "ann;eve@example.org", "\"ann eve\"@example.org",
        "ann@[127.0.0.1]", "ann@example.org> SIZE=1 <x@y",
        String(repeating: "a", count: 250) + "@example.org", "ann@xn--\u{FC}.example", "ann@☕.example",
        "ann@-\u{FC}.example",
    ])
    func `rejects invalid addresses and text that could end an address or a line`(text: String) {
        #expect(throws: MailError.self) { try MailAddress(address: text) }
        do {
            _ = try MailAddress(address: text)
        } catch {
            #expect(error.code == .malformed)
            #expect(error.isPermanent)
            #expect(!error.description.contains("example"))
        }
    }

    @Test(arguments: ["Ann\r\nBcc: eve@example.org", "Ann\n", "Ann\u{0}", "A\u{2029}nn"])
    func `rejects a display name with a control character`(name: String) {
        #expect(throws: MailError.self) { try MailAddress(name: name, address: "ann@example.org") }
    }

    @Test func `sends an internationalized domain in its ASCII form`() throws {
        for domain in ["bücher.example", "bu\u{308}cher.example", "BÜCHER.example", "ｂüｃｈｅｒ.example"] {
            #expect(try MailAddress(address: "ann@\(domain)").wireText == "ann@xn--bcher-kva.example")
        }
        let label = String(repeating: "ü", count: 57)
        let long = try MailAddress(address: "ann@\(label).\(label).\(label).example")
        #expect(long.wireText.utf8.count < 254)
        #expect(try MailAddress(address: "änn@example.org").wireText == "änn@example.org")
    }
}
