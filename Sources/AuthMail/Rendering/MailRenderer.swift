// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import Foundation

/// Renders a queued mail into the message that is sent: template, values, headers.
public struct MailRenderer: Sendable {
    private let templates: MailTemplates
    private let from: MailAddress
    private let siteName: String
    private let subjectPrefix: String

    /// Reads and checks all templates.
    ///
    /// - Throws: ``MailError/Code/invalidTemplate`` with all errors in the folder's files.
    public init(_ settings: MailSettings) throws(MailError) {
        templates = try MailTemplates(folder: settings.templatesFolder)
        from = settings.from
        siteName = settings.siteName
        subjectPrefix = settings.subjectPrefix ?? "[\(settings.siteName)] "
    }

    /// Renders a mail. The same mail gives the same bytes each time.
    ///
    /// `site_name` is always available. Line ends and other control characters in values become spaces, so that a value
    /// from outside, such as a user agent, cannot start a new line.
    ///
    /// - Throws: ``MailError/Code/unknownTemplate``, ``MailError/Code/incomplete`` or
    ///   ``MailError/Code/malformed``; all are permanent.
    public func render(_ mail: QueuedMail) throws(MailError) -> RenderedMail {
        let texts = try templates.texts(of: mail.draft.template)
        let given = mail.draft.values.mapValues(Self.singleLine)
        let values = ["site_name": Self.singleLine(siteName)].merging(given) { _, new in new }
        let subject = try texts.subject.render(values, escapesHTML: false)
        let to = try MailAddress(address: mail.draft.to)
        let message = MailMessage(
            id: mail.id, date: mail.queuedAt, from: from, to: to,
            subject: subjectPrefix + Self.words(subject),
            text: try texts.text.render(values, escapesHTML: false),
            html: try texts.html?.render(values, escapesHTML: true))
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
