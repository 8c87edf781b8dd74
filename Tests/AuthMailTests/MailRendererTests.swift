// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import Foundation
import Testing

@Suite struct MailRendererTests {
    static let templates: [MailDraft.Template] = [
        .emailConfirmationSignup, .emailConfirmation, .loginCode, .passwordResetKey, .passwordResetCode,
        .unknownAccount, .accountAlreadyExists, .emailChanged, .emailDeleted, .passwordChanged, .passwordSet,
        .passwordReset, .passwordRemoved, .accountConnected, .accountDisconnected,
    ]

    @Test(arguments: templates)
    func `a rendered mail matches its golden file byte for byte`(template: MailDraft.Template) throws {
        let mail = try Samples.renderer().render(Samples.queued(template))
        try Golden("\(template.rawValue).eml").expect(mail.message)
    }

    @Test(.needsPython, arguments: templates)
    func `a mail renders cleanly with only its required values`(template: MailDraft.Template) async throws {
        let needed: [MailDraft.Template: [String]] = [
            .loginCode: ["code"], .passwordResetKey: ["url"], .passwordResetCode: ["code"],
            .emailDeleted: ["email"], .accountConnected: ["provider"], .accountDisconnected: ["provider"],
        ]
        let values = Samples.values.filter { needed[template, default: []].contains($0.key) }
        let mail = try Samples.renderer().render(Samples.queued(template, values: values))
        let read = try await ForeignMail(mail.message)
        #expect(read.defects == [])
        #expect(read.parts.map(\.type) == ["text/plain", "text/html"])
        for part in read.parts {
            #expect(!part.text.contains("{{") && !part.text.contains("{%"))
            #expect(!part.text.contains("\n\n\n"))
        }
    }

    @Test(
        arguments: [
            (.emailConfirmationSignup, "url"), (.emailConfirmation, "url"), (.passwordResetKey, "url"),
            (.accountAlreadyExists, "password_reset_url"), (.unknownAccount, "signup_url"),
            (.passwordChanged, "password_reset_url"), (.emailConfirmation, "code"), (.loginCode, "code"),
            (.passwordResetCode, "code"),
        ] as [(MailDraft.Template, String)])
    func `a link or code has a line of its own in the text`(template: MailDraft.Template, name: String)
        throws
    {
        let mail = try Samples.renderer().render(Samples.queued(template))
        let lines = String(decoding: mail.message, as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines.contains(try #require(Samples.values[name])))
    }

    @Test(.needsPython) func `the subject starts with the site name, the configured prefix or neither`()
        async throws
    {
        var settings = try Samples.settings()
        func subject() async throws -> [String] {
            let mail = try MailRenderer(settings).render(Samples.queued(.loginCode))
            return try await ForeignMail(mail.message).values("Subject")
        }
        #expect(try await subject() == ["[Example] Your log-in code"])
        settings.subjectPrefix = "Ex: "
        #expect(try await subject() == ["Ex: Your log-in code"])
        settings.subjectPrefix = ""
        #expect(try await subject() == ["Your log-in code"])
    }

    @Test(.needsPython) func `a hostile value cannot start a line, a header or an HTML tag`() async throws {
        let hostile = "x\r\nBcc: eve@example.org\r\n\r\n<b>\u{0}\u{2028}https://evil.example"
        let values = Samples.values.mapValues { _ in hostile }
        for template in Self.templates {
            let mail = try Samples.renderer().render(Samples.queued(template, values: values))
            let read = try await ForeignMail(mail.message)
            #expect(read.defects == [])
            #expect(read.headers.count == 8)
            #expect(read.values("Bcc") == [])
            #expect(read.values("To") == ["ann@example.org"])
            #expect(!read.parts[0].text.contains("\nBcc:") && !read.parts[0].text.contains("\nhttps://evil"))
            #expect(!read.parts[1].text.contains("<b>"))
        }
    }

    @Test(arguments: [
        "ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org", "ann@example.org\u{0}",
        "ann",
    ])
    func `an invalid recipient address fails permanently`(to: String) throws {
        let renderer = try Samples.renderer()
        let fault = #expect(throws: MailError.self) { try renderer.render(Samples.queued(to: to)) }
        #expect(fault?.code == .malformed)
        #expect(fault?.isPermanent == true)
        #expect(fault?.description.contains("example") == false)
    }

    @Test func `an unknown template or a missing value fails permanently`() throws {
        let renderer = try Samples.renderer()
        let unknown = #expect(throws: MailError.self) {
            try renderer.render(Samples.queued(MailDraft.Template(rawValue: "nothing")))
        }
        #expect(unknown?.code == .unknownTemplate)
        let incomplete = #expect(throws: MailError.self) {
            try renderer.render(Samples.queued(.passwordResetKey, values: [:]))
        }
        #expect(incomplete?.code == .incomplete)
        #expect(unknown?.isPermanent == true && incomplete?.isPermanent == true)
    }
}
