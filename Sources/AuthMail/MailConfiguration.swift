// SPDX-License-Identifier: Apache-2.0

/// How mails look and where they go.
public struct MailConfiguration: Sendable {
    /// `MAIL_URL`: where mails go. Default `file:./mail`.
    public var url = MailURL(.folder("./mail"))
    /// `MAIL_FROM`: whom mails come from; also the envelope's sender, to whom failures are reported. Default
    /// `accounts@localhost`.
    public var from: MailAddress
    /// `SITE_NAME`: what the site is called in subjects and texts. Default: the sender's domain.
    public var siteName: String
    /// `ACCOUNT_EMAIL_SUBJECT_PREFIX` (allauth's): goes before each subject. Nil is the site's name in
    /// brackets, as in allauth.
    public var subjectPrefix: String?
    /// `MAIL_TEMPLATES`: a folder whose files replace templates of ours and add the application's own.
    public var templatesFolder: String?

    /// - Parameter from: nil is `accounts@localhost`.
    public init(from: MailAddress? = nil) {
        self.from = from ?? .unset
        siteName = self.from.domain
    }
}
