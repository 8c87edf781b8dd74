// SPDX-License-Identifier: Apache-2.0
import AuthMail
import AuthSignals
import Foundation
import Testing

@Suite struct MailSettingsTests {
    private func read(_ values: [String: String]) -> (MailSettings, [String]) {
        var reader = SettingsReader(values)
        let settings = MailSettings(reading: &reader)
        return (settings, reader.faults.map(\.description))
    }

    @Test func `without settings, mails are written to a folder`() {
        let (settings, faults) = read([:])
        #expect(faults == [])
        #expect(settings.url.target == .folder("./mail"))
        #expect(settings.from.address == "accounts@localhost")
        #expect(settings.siteName == "localhost")
        #expect(settings.subjectPrefix == nil)
    }

    @Test func `reads every setting`() {
        let (settings, faults) = read([
            "MAIL_URL": "smtp://mail.example.org", "MAIL_FROM": "Example <a@example.org>",
            "SITE_NAME": "The Example",
            "ACCOUNT_EMAIL_SUBJECT_PREFIX": "Ex: ", "PUBLIC_URL": "https://accounts.example.org",
        ])
        #expect(faults == [])
        #expect(settings.url.description == "smtp://mail.example.org:25")
        #expect(settings.from.name == "Example")
        #expect(settings.siteName == "The Example")
        #expect(settings.subjectPrefix == "Ex: ")
    }

    @Test func `derives the site name from the public URL, the source or the sender`() {
        #expect(read(["PUBLIC_URL": "https://accounts.example.org/x"]).0.siteName == "accounts.example.org")
        #expect(read(["SIGNALS_SOURCE": "https://example.net"]).0.siteName == "example.net")
        #expect(read(["SIGNALS_SOURCE": "urn:x", "MAIL_FROM": "a@example.com"]).0.siteName == "example.com")
    }

    @Test func `a subject prefix of only spaces becomes empty`() {
        #expect(read(["ACCOUNT_EMAIL_SUBJECT_PREFIX": " "]).0.subjectPrefix == "")
    }

    @Test func `reports every invalid setting by name, without its value`() {
        let (_, faults) = read([
            "MAIL_URL": "smtp://user:topsecret@host?x=1", "MAIL_FROM": "accounts", "SITE_NAME": "a\nb",
            "ACCOUNT_EMAIL_SUBJECT_PREFIX": "a\r\nBcc: x", "MAIL_TEMPLATES": "/nowhere",
        ])
        #expect(
            faults.sorted() == [
                "ACCOUNT_EMAIL_SUBJECT_PREFIX must not contain line ends or other control characters",
                "MAIL_FROM must be an address: a@example.org or Example <a@example.org>",
                "MAIL_TEMPLATES cannot be used: the template folder cannot be read",
                "MAIL_URL must not have options other than starttls and cacertfile",
                "SITE_NAME must not contain line ends or other control characters",
            ])
    }

    @Test func `a sender's local part must be ASCII, its domain need not`() {
        #expect(read(["MAIL_FROM": "Ünal <a@m\u{FC}nchen.de>"]).1 == [])
        #expect(read(["MAIL_FROM": "\u{FC}@example.org"]).1.map { $0.prefix(9) } == ["MAIL_FROM"])
    }

    @Test(arguments: ["mail.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost"])
    func `MAIL_HELO sets the EHLO name`(name: String) {
        let (settings, faults) = read(["MAIL_HELO": name])
        #expect(faults == [])
        #expect(settings.helloName == name)
    }

    @Test(arguments: ["mail example", "-a.example", "a..b", "a_b.example", "[192.0.2.1", "münchen.example"])
    func `rejects a MAIL_HELO that is neither a host name nor an address in brackets`(name: String) {
        #expect(
            read(["MAIL_HELO": name]).1 == [
                "MAIL_HELO must be a host name such as mail.example.org, or an address in brackets: [192.0.2.1]"
            ])
    }
}
