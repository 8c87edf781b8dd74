// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import Foundation
public import Logging

/// How mails look and where they are sent.
public struct MailSettings: Sendable {
    /// `MAIL_URL`: where mails are sent. Default `file:./mail`.
    public var url = MailURL(.folder("./mail"))
    /// `MAIL_FROM`: the sender; also the envelope sender, which receives failure reports (bounces). Default
    /// `accounts@localhost`.
    public var from: MailAddress
    /// `MAIL_HELO`: the name sent with EHLO. Nil is the host of ``from`` or of this machine, if it is qualified.
    public var helloName: String?
    /// `SITE_NAME`: the name of the site in subjects and texts. Default: the sender's domain.
    public var siteName: String
    /// `ACCOUNT_EMAIL_SUBJECT_PREFIX` (an allauth setting): the prefix of each subject. Nil is the site's name in
    /// brackets, as in allauth.
    public var subjectPrefix: String?
    /// `MAIL_TEMPLATES`: a folder whose files replace built-in templates and add the application's own.
    public var templatesFolder: String?
    /// `LANGUAGE_CODE`: the language of mails that were queued without one, by an earlier version or an application.
    public var language = Language.english

    /// - Parameter from: nil is `accounts@localhost`.
    public init(from: MailAddress? = nil) {
        self.from = from ?? .unset
        siteName = self.from.domain
    }
    /// Creates the transport for ``url``, with the EHLO name and the address that a check uses. Nothing is connected or
    /// written yet.
    ///
    /// - Parameters:
    ///   - connections: how many mails an SMTP transport may have in flight at a time, at least 1.
    ///   - logger: receives the log lines.
    public func transport(connections: Int = 1, logger: Logger) -> any MailTransport {
        guard case .smtp(var settings) = url.target else {
            return url.transport(connections: connections, logger: logger)
        }
        settings.helloName =
            helloName ?? Self.qualified(from.wireDomain) ?? Self.qualified(ProcessInfo.processInfo.hostName)
        settings.checkAddress = from.wireText
        return SMTPTransport(settings, connections: connections)
    }

    /// The name if it has a dot inside (RFC 5321, section 2.3.5).
    private static func qualified(_ name: String) -> String? {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && labels.allSatisfy { !$0.isEmpty } ? name : nil
    }

    /// Whether a value is a valid EHLO name: a host name of ASCII letters, digits, `-` and `.`, or an address in
    /// brackets (RFC 5321, section 4.1.3); at most 255 bytes.
    static func isHelloName(_ text: String) -> Bool {
        guard text.utf8.count <= 255 else { return false }
        if text.wholeMatch(of: /\[[0-9A-Za-z.:]+\]/) != nil { return true }
        return text.wholeMatch(
            of: /[0-9A-Za-z]([0-9A-Za-z\-]*[0-9A-Za-z])?(\.[0-9A-Za-z]([0-9A-Za-z\-]*[0-9A-Za-z])?)*/) != nil
    }
}
