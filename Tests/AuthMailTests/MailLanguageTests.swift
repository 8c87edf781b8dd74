// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@testable import AuthMail

@Suite struct MailLanguageTests {
    private static let time = "2026-11-23T08:00:00.123Z"

    private func renderer(
        _ files: [String: String], language: Language = .english
    ) async throws -> MailRenderer {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/de", withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
            var settings = try Samples.settings()
            settings.templatesFolder = folder
            settings.language = language
            return try MailRenderer(settings)
        }
    }

    private func text(_ mail: RenderedMail) -> String { String(decoding: mail.message, as: UTF8.self) }

    @Test(arguments: MailRendererTests.templates)
    func `a German mail matches its golden file byte for byte`(template: MailDraft.Template) throws {
        let values = Samples.values.merging(["timestamp": Self.time]) { _, new in new }
        let mail = try Samples.renderer()
            .render(Samples.queued(template, values: values, language: .german))
        try Golden("de/\(template.rawValue).eml").expect(mail.message)
    }

    @Test(arguments: MailRendererTests.templates)
    func `a mail uses the same values in every language`(template: MailDraft.Template) throws {
        let templates = try MailTemplates()
        let (english, german) = (
            try templates.texts(of: template, in: .english), try templates.texts(of: template, in: .german)
        )
        #expect(english.language == .english && german.language == .german)
        #expect(english.text.names == german.text.names)
        #expect(english.html?.names == german.html?.names)
        #expect(english.subject != german.subject && english.text != german.text)
    }

    @Test func `a mail without a language has the default language`() throws {
        var settings = try Samples.settings()
        #expect(text(try MailRenderer(settings).render(Samples.queued(.loginCode))).contains("To log in"))
        settings.language = .german
        let mail = text(try MailRenderer(settings).render(Samples.queued(.loginCode)))
        #expect(mail.contains("anzumelden"))
        #expect(mail.contains("\r\nContent-Language: de\r\n"))
        let english = text(
            try MailRenderer(settings).render(Samples.queued(.loginCode, language: .english)))
        #expect(english.contains("To log in"))
        #expect(!english.contains("Content-Language"))
    }

    @Test func `a file in the folder of a language replaces one text of that language`() async throws {
        let renderer = try await renderer(["de/login_code_subject.txt": "Servus"])
        let german = text(try renderer.render(Samples.queued(.loginCode, language: .german)))
        #expect(german.contains("Subject: [Example] Servus\r\n"))
        #expect(german.contains("anzumelden"))
        #expect(german.contains("\r\nContent-Language: de\r\n"))
        let english = text(try renderer.render(Samples.queued(.loginCode, language: .english)))
        #expect(english.contains("Subject: [Example] Your log-in code\r\n"))
    }

    @Test func `a mail that only the folder itself replaces is the same in every language`() async throws {
        let renderer = try await renderer(["login_code_subject.txt": "Ahoy"])
        let english = try renderer.render(Samples.queued(.loginCode, language: .english))
        let german = try renderer.render(Samples.queued(.loginCode, language: .german))
        #expect(english.message == german.message)
        #expect(text(english).contains("Subject: [Example] Ahoy\r\n"))
        // Other mails are not concerned.
        let other = text(try renderer.render(Samples.queued(.passwordResetCode, language: .german)))
        #expect(other.contains("\r\nContent-Language: de\r\n"))
    }

    @Test func `an application's own mail can have texts in another language`() async throws {
        let renderer = try await renderer([
            "invoice_subject.txt": "Invoice", "invoice_message.txt": "Pay.",
            "de/invoice_subject.txt": "Rechnung",
            "de/invoice_message.txt": "{% extends \"notice.txt\" %}\nZahlen.",
        ])
        let invoice = MailDraft.Template(rawValue: "invoice")
        let german = text(try renderer.render(Samples.queued(invoice, values: [:], language: .german)))
        #expect(german.contains("Subject: [Example] Rechnung\r\n"))
        #expect(german.contains("Zahlen.\r\n") && german.contains("Wenn Sie das nicht waren"))
        let english = text(try renderer.render(Samples.queued(invoice, values: [:], language: .english)))
        #expect(english.contains("Subject: [Example] Invoice\r\n"))
    }

    @Test func `reports an error in the folder of a language with its path`() async throws {
        let files = [
            "de/login_code_message.txt": "{{ kode }}", "de/odd.txt": "", "de/new_subject.txt": "Neu",
        ]
        let fault = await #expect(throws: MailError.self) { _ = try await renderer(files) }
        #expect(fault?.code == .invalidTemplate)
        #expect(fault?.message.contains("de/login_code_message.txt: unknown value: kode") == true)
        #expect(fault?.message.contains("de/odd.txt: must end with") == true)
        let missing = await #expect(throws: MailError.self) {
            _ = try await renderer(["de/new_subject.txt": "Neu"])
        }
        #expect(missing?.message.contains("de/new: not a built-in template") == true)
    }

    @Test func `a German mail writes a time out, and any other value unchanged`() {
        #expect(MailTime.text(Self.time, in: .german) == "23. November 2026, 08:00:00 Uhr (UTC)")
        #expect(MailTime.text("2027-03-01T00:05:09.000Z", in: .german) == "1. März 2027, 00:05:09 Uhr (UTC)")
        #expect(MailTime.text(Self.time, in: .english) == Self.time)
        for value in ["", "yesterday", "2026-13-01T00:00:00Z", "9999-99"] {
            #expect(MailTime.text(value, in: .german) == value)
        }
    }

    @Test func `the default language is read from LANGUAGE_CODE`() {
        var reader = SettingsReader(["LANGUAGE_CODE": "de"])
        #expect(MailSettings(reading: &reader).language == .german)
        #expect(reader.faults.isEmpty)
        var wrong = SettingsReader(["LANGUAGE_CODE": "fr"])
        #expect(MailSettings(reading: &wrong).language == .english)
        #expect(wrong.faults.map(\.name) == ["LANGUAGE_CODE"])
    }
}
