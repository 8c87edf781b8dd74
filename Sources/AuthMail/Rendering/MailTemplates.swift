// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The templates of all mails: the built-in ones, with replacements and additions from a folder.
struct MailTemplates: Sendable {
    /// The templates of one mail.
    struct Texts: Sendable {
        /// The language that the texts are in. Texts that an application's folder has for all languages are taken as
        /// English, so that no header names a wrong language.
        var language: Language
        var subject: MailTemplate
        var text: MailTemplate
        var html: MailTemplate?
    }

    /// The values that a built-in template may use. An application's own templates use the values of its own mails.
    static let knownValues: Set<String> = [
        "site_name", "email", "username", "url", "code", "password_reset_url", "signup_url", "ip",
        "user_agent",
        "timestamp", "from_email", "to_email", "provider",
    ]

    /// The built-in templates, parsed once, when they are first needed; tests parse all of them.
    static let builtIn = Result { () throws(MailError) in try MailTemplates(folder: nil) }

    private static let suffixes = ["_subject.txt", "_message.txt", "_message.html"]
    private let texts: [Language: [String: Texts]]

    /// - Parameter folder: its files replace built-in ones of the same name (`login_code_subject.txt`). Files with
    ///   another prefix define the application's own template, which needs at least `_subject.txt` and `_message.txt`.
    ///   Files other than `.txt` and `.html` are ignored. Like the built-in ones, a file may begin with
    ///   `{% extends "frame.html" %}`: see ``framed(_:in:)``.
    ///
    ///   A folder in it that is named after a language, such as `de`, contains files for that language. A mail of which
    ///   it has no file is sent in every language with the texts of `folder` itself, if that has a file of the mail:
    ///   an application that replaces a text replaces its translations, too.
    /// - Throws: ``MailError/Code/invalidTemplate`` with all errors, file by file.
    init(folder: String? = nil) throws(MailError) {
        let builtIn = BuiltInTemplates.files.mapValues { String(decoding: $0, as: UTF8.self) }
        var faults: [String] = []
        var own: [String: String] = [:]
        if let folder { faults += Self.read(folder, into: &own) }
        let replaced = Set(own.keys.compactMap(Self.prefix))
        let root = TemplateFiles(builtIn, in: nil)
        let rootTexts = root.texts(own.merging(root.templates) { own, _ in own }, .english, &faults)
        var texts: [Language: [String: Texts]] = [:]
        for language in Language.all {
            var translated: [String: String] = [:]
            let path = folder.map { "\($0)/\(language.code)" }
            if let path, Self.isFolder(path) {
                faults += Self.read(path, named: "\(language.code)/", into: &translated)
            }
            let files = TemplateFiles(builtIn, in: language)
            let mails = Set(translated.keys.compactMap(Self.prefix))
            let standard = files.templates.filter { name, _ in
                Self.prefix(name).map { mails.contains($0) || !replaced.contains($0) } ?? false
            }
            let all = translated.merging(standard) { own, _ in own }
            texts[language] = rootTexts.merging(files.texts(all, language, &faults)) { _, new in new }
        }
        guard faults.isEmpty else { throw MailError(.invalidTemplate, faults.joined(separator: "; ")) }
        self.texts = texts
    }

    /// The texts of a mail in a language.
    ///
    /// - Throws: ``MailError/Code/unknownTemplate``.
    func texts(of template: MailDraft.Template, in language: Language) throws(MailError) -> Texts {
        guard let found = texts[language]?[template.rawValue] else {
            throw MailError(.unknownTemplate, "unknown template \(template.rawValue)")
        }
        return found
    }

    /// The built-in files of one language.
    private struct TemplateFiles {
        /// The files of mails, by name without a folder.
        var templates: [String: String] = [:]
        /// The files that are not templates of a mail, by name without a folder.
        var frames: [String: String] = [:]
        /// The prefix of the names in error messages.
        var folder = ""

        /// - Parameter language: nil and English are the files outside the folders of languages.
        init(_ files: [String: String], in language: Language?) {
            if let language { folder = "\(language.code)/" }
            let path = language == .english ? "" : folder
            for (name, text) in files where name.hasPrefix(path) {
                let short = String(name.dropFirst(path.count))
                guard !short.contains("/") else { continue }
                if MailTemplates.prefix(short) == nil {
                    frames[short] = text
                } else {
                    templates[short] = text
                }
            }
        }

        /// Parses files of mails and collects the errors.
        func texts(_ files: [String: String], _ language: Language, _ faults: inout [String]) -> [String:
            Texts]
        {
            var parsed: [String: MailTemplate] = [:]
            var found: [String] = []
            for (name, source) in files.sorted(by: { $0.key < $1.key }) {
                do throws(MailError) {
                    let template = try MailTemplate(MailTemplates.framed(source, in: frames))
                    parsed[name] = template
                    let unknown = template.names.subtracting(MailTemplates.knownValues)
                    if templates[name] != nil, !unknown.isEmpty {
                        found.append(
                            "\(folder)\(name): unknown value: \(unknown.sorted().joined(separator: ", "))")
                    }
                } catch {
                    found.append("\(folder)\(name): \(error.message)")
                }
            }
            var texts: [String: Texts] = [:]
            for prefix in Set(files.keys.compactMap(MailTemplates.prefix)) where found.isEmpty {
                guard let subject = parsed[prefix + "_subject.txt"],
                    let text = parsed[prefix + "_message.txt"]
                else {
                    found.append(
                        "\(folder)\(prefix): not a built-in template; a new one requires both "
                            + "\(prefix)_subject.txt and \(prefix)_message.txt")
                    continue
                }
                texts[prefix] = Texts(
                    language: language, subject: subject, text: text, html: parsed[prefix + "_message.html"])
            }
            faults += found
            return texts
        }
    }

    /// A template inside the frame that its first line names: `{% extends "frame.html" %}` stands for the frame's text,
    /// with the rest of the template in place of the line `{{ content }}`. A template without such a line is returned
    /// unchanged.
    ///
    /// - Parameter frames: the built-in files that are not templates of a mail, by name. A frame may have a frame itself.
    /// - Throws: ``MailError/Code/invalidTemplate`` if the frame does not exist.
    private static func framed(_ source: String, in frames: [String: String]) throws(MailError) -> String {
        let lines = source.replacingOccurrences(of: "\r\n", with: "\n")
            .split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = lines.first, let name = frameName(inTag: first) else { return source }
        // A frame cannot contain itself, so that this ends.
        var others = frames
        guard let frame = others.removeValue(forKey: name) else {
            throw MailError(.invalidTemplate, "the frame \"\(name)\" does not exist")
        }
        var content = lines.count > 1 ? String(lines[1]) : ""
        if !content.isEmpty, !content.hasSuffix("\n") { content += "\n" }
        return try framed(frame.replacing("{{ content }}\n", with: content), in: others)
    }

    /// The name in a line that is `{% extends "NAME" %}`; nil for any other line.
    private static func frameName(inTag line: Substring) -> String? {
        let tag = line.trimmingCharacters(in: .whitespaces)
        guard tag.hasPrefix("{%"), tag.hasSuffix("%}"), tag.utf8.count >= 4 else { return nil }
        let words = tag.dropFirst(2).dropLast(2).trimmingCharacters(in: .whitespaces)
        guard words.hasPrefix("extends") else { return nil }
        let argument = words.dropFirst("extends".count)
        let name = argument.trimmingCharacters(in: .whitespaces)
        guard argument.first?.isWhitespace == true, name.utf8.count >= 2, name.hasPrefix("\""),
            name.hasSuffix("\"")
        else { return nil }
        let inner = name.dropFirst().dropLast()
        return inner.contains("\"") ? nil : String(inner)
    }

    private static func prefix(_ file: String) -> String? {
        suffixes.first { file.hasSuffix($0) && file.count > $0.count }.map { String(file.dropLast($0.count)) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Adds a folder's files; returns the errors found.
    ///
    /// - Parameter path: the prefix of the names in error messages.
    private static func read(
        _ folder: String, named path: String = "", into files: inout [String: String]
    ) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return [path.isEmpty ? "the template folder cannot be read" : "\(path): cannot be read"]
        }
        var faults: [String] = []
        for name in names.sorted() where !name.hasPrefix(".") {
            guard name.hasSuffix(".txt") || name.hasSuffix(".html") else { continue }
            guard prefix(name) != nil else {
                faults.append("\(path)\(name): must end with \(suffixes.joined(separator: ", "))")
                continue
            }
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                let text = String(validating: data, as: UTF8.self)
            else {
                faults.append("\(path)\(name): cannot be read as UTF-8")
                continue
            }
            // An editor's byte order mark is not part of the text.
            files[name] =
                text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        }
        return faults
    }
}
