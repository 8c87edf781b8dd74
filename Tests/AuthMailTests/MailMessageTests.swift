// SPDX-License-Identifier: Apache-2.0
import AuthMail
import Foundation
import Testing

@Suite struct MailMessageTests {
    private func message(
        subject: String = "Hello", name: String? = "Example", to: String = "ann@example.org",
        text: String = "Open this:\n\nhttps://example.org/a=b\n", html: String? = "<p>Open this</p>"
    ) throws -> MailMessage {
        MailMessage(
            id: Samples.id, date: Samples.date,
            from: try MailAddress(name: name, address: "accounts@example.org"),
            to: try MailAddress(address: to), subject: subject, text: text, html: html)
    }

    private func lines(_ data: Data) -> [String] {
        String(decoding: data, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test(.needsPython) func `each RFC 5322 header appears exactly once`() async throws {
        let mail = try await ForeignMail(message().encoded())
        #expect(mail.defects == [])
        #expect(mail.values("Date") == ["Mon, 23 Nov 2026 08:00:00 +0000"])
        #expect(mail.values("From") == ["Example <accounts@example.org>"])
        #expect(mail.values("To") == ["ann@example.org"])
        #expect(mail.values("Subject") == ["Hello"])
        #expect(mail.values("Message-ID") == ["<0199f0c2-0000-7000-8000-000000000001@example.org>"])
        #expect(mail.values("MIME-Version") == ["1.0"])
        #expect(mail.values("Auto-Submitted") == ["auto-generated"])
        #expect(mail.headers.count == 8)
    }

    @Test(.needsPython) func `text and HTML are multipart alternatives, text first`() async throws {
        let mail = try await ForeignMail(message().encoded())
        #expect(mail.type == "multipart/alternative")
        #expect(mail.parts.map(\.type) == ["text/plain", "text/html"])
        #expect(mail.parts[0].text == "Open this:\n\nhttps://example.org/a=b")
        #expect(mail.parts[1].text == "<p>Open this</p>")
    }

    @Test(.needsPython) func `a mail without HTML has one part`() async throws {
        let mail = try await ForeignMail(message(html: nil).encoded())
        #expect(mail.type == "text/plain")
        #expect(mail.parts.count == 1)
    }

    @Test func `a long link is neither wrapped nor encoded`() throws {
        let link = "https://example.org/verify?key=" + String(repeating: "abc=def", count: 60)
        let data = try message(text: "Open this:\n\n\(link)\n").encoded()
        #expect(lines(data).contains(link))
    }

    @Test(.needsPython) func `non-ASCII text does not break a long link`() async throws {
        let link = "https://example.org/verify?key=" + String(repeating: "abc=def", count: 60)
        let data = try message(
            text: "Grüße von Café Æther\n\n\(link)\n", html: "<a href=\"\(link)\">Grüße</a>"
        ).encoded()
        #expect(lines(data).contains(link))
        #expect(lines(data).contains("<a href=\"\(link)\">Grüße</a>"))
        let mail = try await ForeignMail(data)
        #expect(mail.defects == [])
        #expect(mail.parts.first?.text == "Grüße von Café Æther\n\n\(link)")
    }

    @Test(
        .needsPython,
        arguments: [
            "Grüße aus Köln", "日本語の件名がとても長いときにも正しく折り返されることを確かめるための件名です",
            "=?utf-8?B?ZXZpbA==?=", String(repeating: "long ", count: 60) + "end",
            String(repeating: "x", count: 1500),
            "👩‍👩‍👧‍👧 family 👩‍👩‍👧‍👧 family 👩‍👩‍👧‍👧 family 👩‍👩‍👧‍👧", "a  b", "\"quoted\", (commented) <bracketed>",
        ])
    func `any subject and display name survive encoding`(text: String) async throws {
        let data = try message(subject: text, name: text).encoded()
        #expect(lines(data).allSatisfy { $0.utf8.count <= 200 && $0.utf8.allSatisfy { $0 < 0x80 } })
        let mail = try await ForeignMail(data)
        #expect(mail.defects == [])
        #expect(mail.values("Subject") == [text])
        let from = try #require(mail.values("From").first)
        #expect(from.hasSuffix("<accounts@example.org>"))
        #expect(mail.values("From").count == 1)
    }

    @Test(
        .needsPython,
        arguments: [
            "Grüße\n\n  indented, trailing space \nend", "=3D\n=\n", "nul \u{0} bell \u{7}",
            "tab\t\n.\n..\nFrom here\n",
            String(repeating: "wide ü ", count: 300), String(repeating: "x", count: 5000), "a\rb\r\nc\n\rd",
            "--=_0199f0c2-0000-7000-8000-000000000001\nboundary",
        ])
    func `any body text survives encoding line by line`(text: String) async throws {
        let data = try message(text: text, html: text).encoded()
        #expect(lines(data).allSatisfy { $0.utf8.count <= 998 })
        let mail = try await ForeignMail(data)
        #expect(mail.defects == [])
        #expect(mail.parts.count == 2)
        var expected = text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(
            of: "\r", with: "\n")
        while expected.hasSuffix("\n") { expected.removeLast() }
        for part in mail.parts { #expect(part.text == expected) }
    }

    @Test func `every line ends with CRLF`() throws {
        let data = try message(subject: String(repeating: "ü", count: 200), text: "a\nb\rc\r\nd").encoded()
        var previous: UInt8 = 0
        for byte in data {
            #expect((byte == 0x0a) == (previous == 0x0d))
            previous = byte
        }
        #expect(data.suffix(2) == Data("\r\n".utf8))
    }

    @Test(arguments: [
        "Hello\r\nBcc: eve@example.org", "Hello\nBcc: eve@example.org", "Hello\rBcc: eve@example.org",
        "Hello\u{0}",
        "Hello\r\n\r\nbody", "Hello\u{2028}Bcc: eve@example.org", "Hello\u{85}Bcc: eve@example.org",
        "Grüße\nBcc: e",
    ])
    func `rejects a subject with line breaks or control characters`(subject: String) throws {
        let message = try message(subject: subject)
        #expect(throws: MailError.self) { try message.encoded() }
    }

    @Test func `encoding the same mail twice gives the same bytes`() throws {
        #expect(try message().encoded() == message().encoded())
    }
}
