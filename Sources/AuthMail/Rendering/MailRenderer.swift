// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import Foundation

/// Renders a queued mail into the message that is sent: template, values, headers.
public struct MailRenderer: Sendable {
    /// Nil if the built-in templates are used. They are parsed for the first mail; tests check them.
    private let ownTemplates: MailTemplates?
    private let from: MailAddress
    private let siteName: String
    private let subjectPrefix: String
    private let language: Language

    /// Reads and checks the templates of the application's folder, if it has one.
    ///
    /// - Throws: ``MailError/Code/invalidTemplate`` with all errors in the folder's files.
    public init(_ settings: MailSettings) throws(MailError) {
        ownTemplates =
            if let folder = settings.templatesFolder {
                try MailTemplates(folder: folder)
            } else {
                nil
            }
        from = settings.from
        siteName = settings.siteName
        language = settings.language
        subjectPrefix = settings.subjectPrefix ?? "[\(settings.siteName)] "
    }

    /// Renders a mail. The same mail gives the same bytes each time.
    ///
    /// `site_name` is always available. Line ends and other control characters in values become spaces, so that a value
    /// from outside, such as a user agent, cannot start a new line. A mail that is not in English has its language in
    /// `Content-Language`.
    ///
    /// - Throws: ``MailError/Code/unknownTemplate``, ``MailError/Code/incomplete`` or
    ///   ``MailError/Code/malformed``; all are permanent.
    public func render(_ mail: QueuedMail) throws(MailError) -> RenderedMail {
        let templates =
            if let ownTemplates {
                ownTemplates
            } else {
                try MailTemplates.builtIn.get()
            }
        let texts = try templates.texts(of: mail.draft.template, in: mail.draft.language ?? language)
        var given = mail.draft.values.mapValues(Self.singleLine)
        given["timestamp"] = given["timestamp"].map { MailTime.text($0, in: texts.language) }
        let values = ["site_name": Self.singleLine(siteName)].merging(given) { _, new in new }
        let subject = try texts.subject.render(values, escapesHTML: false)
        let to = try MailAddress(address: mail.draft.to)
        let message = MailMessage(
            id: mail.id, date: mail.queuedAt, from: from, to: to,
            subject: subjectPrefix + Self.words(subject),
            text: try texts.text.render(values, escapesHTML: false),
            html: try texts.html?.render(values, escapesHTML: true),
            language: texts.language == .english ? nil : texts.language)
        return RenderedMail(
            id: mail.id, template: mail.draft.template, date: mail.queuedAt, sender: from.wireText,
            recipient: to.wireText, message: try message.encoded())
    }

    private static func singleLine(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.unicodeScalars.map { HeaderText.mayStand($0) ? $0 : " " })
        return String(result)
    }

    /// Removes the line ends and indentation of the template, which do not belong in a subject.
    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
