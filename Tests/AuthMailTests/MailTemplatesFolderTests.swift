// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Testing

@testable import AuthMail

@Suite struct MailTemplatesFolderTests {
    private func renderer(_ files: [String: String]) async throws -> MailRenderer {
        try await withTemporaryFolder { folder in
            for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
            var settings = try Samples.settings()
            settings.templatesFolder = folder
            return try MailRenderer(settings)
        }
    }

    private func fault(_ files: [String: String]) async throws -> MailError {
        do {
            _ = try await renderer(files)
        } catch let error as MailError {
            return error
        }
        Issue.record("the folder was accepted")
        return MailError(.storage, "")
    }

    @Test(.needsPython) func `a file replaces one built-in part and leaves the others`() async throws {
        let renderer = try await renderer([
            "login_code_subject.txt": "Ahoy,\n  {{ username }}\n", "README.md": "{{ anything }}",
            ".hidden.txt": "{{",
        ])
        let mail = try await ForeignMail(renderer.render(Samples.queued(.loginCode)).message)
        #expect(mail.values("Subject") == ["[Example] Ahoy, ann"])
        #expect(mail.parts[0].text.contains("BCDF-GHJK"))
    }

    @Test(.needsPython) func `ignores a byte order mark at the start of a file`()
        async throws
    {
        let renderer = try await renderer([
            "login_code_subject.txt": "\u{FEFF}Ahoy",
            "login_code_message.txt": "\u{FEFF}{% if code %}\n{{ code }}{% endif %}",
        ])
        let mail = try await ForeignMail(renderer.render(Samples.queued(.loginCode)).message)
        #expect(mail.values("Subject") == ["[Example] Ahoy"])
        #expect(mail.parts[0].text == "BCDF-GHJK")
    }

    @Test(.needsPython) func `an application can add its own mails with its own values`() async throws {
        let renderer = try await renderer([
            "invoice_subject.txt": "Invoice {{ number }}",
            "invoice_message.txt": "{{ site_name }}: {{ total }}",
        ])
        let draft = Samples.queued(
            MailDraft.Template(rawValue: "invoice"), values: ["number": "7", "total": "12 €"])
        let mail = try await ForeignMail(renderer.render(draft).message)
        #expect(mail.values("Subject") == ["[Example] Invoice 7"])
        #expect(mail.parts.map(\.text) == ["Example: 12 €"])
    }

    @Test(.needsPython) func `a file can use the frames of the built-in mails`() async throws {
        let renderer = try await renderer([
            "invoice_subject.txt": "Invoice",
            "invoice_message.txt": "{% extends \"notice.txt\" %}\r\nPay {{ total }}.",
            "invoice_message.html": "{% extends \"notice.html\" %}\n<p>Pay {{ total }}.</p>",
        ])
        let draft = Samples.queued(MailDraft.Template(rawValue: "invoice"), values: ["total": "12 €"])
        let mail = try await ForeignMail(renderer.render(draft).message)
        let closing = "If it was not you, someone else may use your account."
        #expect(mail.parts[0].text.split(separator: "\n") == ["Pay 12 €.", Substring(closing)])
        let lines = mail.parts[1].text.split(separator: "\n")
        #expect(lines.first == "<!DOCTYPE html>" && lines.last == "</html>")
        #expect(lines.contains("<p>Pay 12 €.</p>") && lines.contains("<p>\(closing)"))
    }

    @Test func `reports a frame that does not exist`() async throws {
        for name in ["no.html", "login_code_message.html", "../frame.html", ""] {
            let fault = try await fault(["login_code_message.html": "{% extends \"\(name)\" %}\nHello"])
            #expect(fault.message == "login_code_message.html: the frame \"\(name)\" does not exist")
        }
    }

    @Test func `every file of the folder Templates is built in`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/AuthMail/Templates").path
        var paths: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.contains(".") {
            paths[name] = "\(folder)/\(name)"
        }
        for code in Language.all.map(\.code) where code != "en" {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(code)") {
                // The package manager embeds files by their names, which therefore contain the language.
                #expect(name.contains(".\(code)."), "\(name)")
                paths["\(code)/" + name.replacing(".\(code).", with: ".")] = "\(folder)/\(code)/\(name)"
            }
        }
        // Otherwise run Scripts/generate mail-templates.
        #expect(Set(BuiltInTemplates.files.keys) == Set(paths.keys))
        for (name, path) in paths {
            let data = FileManager.default.contents(atPath: path)
            #expect(BuiltInTemplates.files[name].map { Data($0) } == data, "\(name)")
        }
    }

    @Test func `reports all errors at once, file by file`() async throws {
        let fault = try await fault([
            "login_code_message.txt": "{{ kode }}", "login_code_subject.txt": "{% if code %}", "odd.txt": "",
        ])
        #expect(fault.code == .invalidTemplate)
        #expect(fault.message.contains("login_code_message.txt: unknown value: kode"))
        #expect(fault.message.contains("login_code_subject.txt: the if of code is missing its endif"))
        #expect(fault.message.contains("odd.txt: must end with _subject.txt, _message.txt, _message.html"))
    }

    @Test func `a misspelt template name is an error, not a new mail of the application`() async throws {
        let fault = try await fault(["login_kode_subject.txt": "Hello"])
        #expect(fault.message.contains("login_kode: not a built-in template"))
    }

    @Test func `rejects a file that is not UTF-8 and a missing folder`() async throws {
        let missing = try Samples.settings()
        var settings = missing
        settings.templatesFolder = "/nowhere/at/all"
        #expect(throws: MailError.self) { try MailRenderer(settings) }
        try await withTemporaryFolder { folder in
            try Data([0xff, 0xfe, 0xfd]).write(to: URL(filePath: "\(folder)/login_code_subject.txt"))
            settings.templatesFolder = folder
            let fault = #expect(throws: MailError.self) { try MailRenderer(settings) }
            #expect(fault?.message == "login_code_subject.txt: cannot be read as UTF-8")
        }
    }
}
