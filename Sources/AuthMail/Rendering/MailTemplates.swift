// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The templates of all mails: the built-in ones, with replacements and additions from a folder.
struct MailTemplates: Sendable {
    /// The templates of one mail.
    struct Texts: Sendable {
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

    private static let suffixes = ["_subject.txt", "_message.txt", "_message.html"]
    private let texts: [String: Texts]

    /// - Parameter folder: its files replace built-in ones of the same name (`login_code_subject.txt`). Files with
    ///   another prefix define the application's own template, which needs at least `_subject.txt` and `_message.txt`.
    ///   Files other than `.txt` and `.html` are ignored. Like the built-in ones, a file may begin with
    ///   `{% extends "frame.html" %}`: see ``framed(_:in:)``.
    /// - Throws: ``MailError/Code/invalidTemplate`` with all errors, file by file.
    init(folder: String? = nil) throws(MailError) {
        let builtIn = BuiltInTemplates.files.mapValues { String(decoding: $0, as: UTF8.self) }
        let frames = builtIn.filter { Self.prefix($0.key) == nil }
        var files = builtIn.filter { frames[$0.key] == nil }
        var faults: [String] = []
        if let folder { faults += Self.read(folder, into: &files) }
        var parsed: [String: MailTemplate] = [:]
        for (name, source) in files.sorted(by: { $0.key < $1.key }) {
            do throws(MailError) {
                let template = try MailTemplate(Self.framed(source, in: frames))
                parsed[name] = template
                let unknown = template.names.subtracting(Self.knownValues)
                if builtIn[name] != nil, !unknown.isEmpty {
                    faults.append("\(name): unknown value: \(unknown.sorted().joined(separator: ", "))")
                }
            } catch {
                faults.append("\(name): \(error.message)")
            }
        }
        var texts: [String: Texts] = [:]
        for prefix in Set(files.keys.compactMap(Self.prefix)) where faults.isEmpty {
            guard let subject = parsed[prefix + "_subject.txt"], let text = parsed[prefix + "_message.txt"]
            else {
                faults.append(
                    "\(prefix): not a built-in template; a new one requires both "
                        + "\(prefix)_subject.txt and \(prefix)_message.txt")
                continue
            }
            texts[prefix] = Texts(subject: subject, text: text, html: parsed[prefix + "_message.html"])
        }
        guard faults.isEmpty else { throw MailError(.invalidTemplate, faults.joined(separator: "; ")) }
        self.texts = texts
    }

    /// - Throws: ``MailError/Code/unknownTemplate``.
    func texts(of template: MailDraft.Template) throws(MailError) -> Texts {
        guard let found = texts[template.rawValue] else {
            throw MailError(.unknownTemplate, "unknown template \(template.rawValue)")
        }
        return found
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
        guard let first = lines.first,
            let name = first.wholeMatch(of: /\s*\{%\s*extends\s+"([^"]*)"\s*%\}\s*/)?.1
        else { return source }
        // A frame cannot contain itself, so that this ends.
        var others = frames
        guard let frame = others.removeValue(forKey: String(name)) else {
            throw MailError(.invalidTemplate, "the frame \"\(name)\" does not exist")
        }
        var content = lines.count > 1 ? String(lines[1]) : ""
        if !content.isEmpty, !content.hasSuffix("\n") { content += "\n" }
        return try framed(frame.replacing("{{ content }}\n", with: content), in: others)
    }

    private static func prefix(_ file: String) -> String? {
        suffixes.first { file.hasSuffix($0) && file.count > $0.count }.map { String(file.dropLast($0.count)) }
    }

    /// Adds a folder's files; returns the errors found.
    private static func read(_ folder: String, into files: inout [String: String]) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return ["the template folder cannot be read"]
        }
        var faults: [String] = []
        for name in names.sorted() where !name.hasPrefix(".") {
            guard name.hasSuffix(".txt") || name.hasSuffix(".html") else { continue }
            guard prefix(name) != nil else {
                faults.append("\(name): must end with \(suffixes.joined(separator: ", "))")
                continue
            }
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                let text = String(validating: data, as: UTF8.self)
            else {
                faults.append("\(name): cannot be read as UTF-8")
                continue
            }
            // An editor's byte order mark is not part of the text.
            files[name] =
                text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        }
        return faults
    }
}
