// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import Testing

@Suite struct MailURLTests {
    private func smtp(_ text: String) throws -> SMTPSettings {
        guard case .smtp(let settings) = try MailURL(text).target else {
            throw MailError(.invalidURL, "is not an SMTP URL")
        }
        return settings
    }

    @Test(arguments: [
        ("file:./mail", "./mail"), ("file:mail", "mail"), ("file:/var/mail", "/var/mail"),
        ("file:///var/mail", "/var/mail"), ("file:./my%20mail", "./my mail"), ("FILE:./mail", "./mail"),
    ])
    func `a file URL names an absolute or relative folder`(text: String, path: String) throws {
        #expect(try MailURL(text).target == .folder(path))
    }

    @Test func `a log URL is its scheme alone`() throws {
        #expect(try MailURL("log:").target == .log)
        #expect(try MailURL("LOG:").target == .log)
    }

    @Test(arguments: [
        ("smtp://mail.example.org", 25, false), ("smtp://mail.example.org:2525/", 2525, false),
        ("smtp://ann:pw@mail.example.org", 587, true), ("smtps://mail.example.org", 465, true),
        ("smtps://ann:pw@mail.example.org:4650", 4650, true),
        ("smtp://mail.example.org?starttls=required", 25, true),
        ("smtp://mail.example.org?starttls=opportunistic", 25, false), ("smtp://[::1]:1025", 1025, false),
    ])
    func `scheme and user name decide the port and TLS`(text: String, port: Int, requiresTLS: Bool) throws {
        let settings = try smtp(text)
        #expect(settings.port == port)
        #expect(settings.requiresTLS == requiresTLS)
        #expect(settings.isSecure == text.hasPrefix("smtps"))
    }

    @Test func `percent-decodes user and password, and never prints the password`() throws {
        let url = try MailURL(
            "smtp://ann%40example.org:p%40ss%3A%2F%23@mail.example.org?cacertfile=/etc/ca.pem")
        guard case .smtp(let settings) = url.target else {
            throw MailError(.invalidURL, "is not an SMTP URL")
        }
        #expect(settings.login?.user == "ann@example.org")
        #expect(settings.login?.password.exposedText == "p@ss:/#")
        #expect(settings.authorities == "/etc/ca.pem")
        var shown = ""
        dump(url, to: &shown)
        for text in [
            url.description, "\(settings)", String(reflecting: settings), String(reflecting: url), shown,
        ] {
            #expect(!text.contains("p@ss") && !text.contains("p%40ss"))
        }
        #expect(url.description == "smtp://mail.example.org:587")
    }

    @Test(arguments: [
        "", "mail", "http://example.org", "file:", "file://host/path", "log:x", "smtp:", "smtp://",
        "smtp://user@host", "smtp://user:se#cret@host", "smtp://user:se@cret@host",
        "smtp://user:secret@host:0",
        "smtp://user:secret@host:99999", "smtp://user:secret@host/path", "smtp://user:secret@host?x=1",
        "smtp://user:secret@host?starttls=never", "smtp://user:secret@host?starttls=opportunistic",
        "smtps://host?starttls=opportunistic", "smtp://user:se%00cret@host", "smtp://us%00er:secret@host",
        "smtp://us%ffer:secret@host",
        "smtp://user:se%ffcret@host", "file:%00", "file:%ff",
        "smtp://user:secret@host?cacertfile=",
        "smtp://user:secret@ho st", "smtp://user:secret@host:port",
    ])
    func `rejects an invalid URL with an error that does not quote it`(text: String) {
        let fault = #expect(throws: MailError.self) { try MailURL(text) }
        #expect(fault?.code == .invalidURL)
        #expect(fault?.message.hasPrefix("must ") == true)
        #expect(fault?.message.contains("cret") == false)
    }
}
