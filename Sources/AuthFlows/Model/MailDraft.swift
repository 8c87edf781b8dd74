// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A mail that a flow queues: a template, a recipient and the template's values. Sealed at rest.
public struct MailDraft: Hashable, Sendable, Codable {
    /// The template, by allauth's template prefix. An application may add its own.
    public struct Template: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let emailConfirmationSignup = Template(rawValue: "email_confirmation_signup")
        public static let emailConfirmation = Template(rawValue: "email_confirmation")
        public static let loginCode = Template(rawValue: "login_code")
        public static let passwordResetKey = Template(rawValue: "password_reset_key")
        public static let passwordResetCode = Template(rawValue: "password_reset_code")
        public static let unknownAccount = Template(rawValue: "unknown_account")
        public static let accountAlreadyExists = Template(rawValue: "account_already_exists")
        public static let emailChanged = Template(rawValue: "email_changed")
        public static let emailDeleted = Template(rawValue: "email_deleted")
        public static let passwordChanged = Template(rawValue: "password_changed")
        public static let passwordSet = Template(rawValue: "password_set")
        public static let passwordReset = Template(rawValue: "password_reset")
        /// Notifies that the password was removed and how to set a new one; not one of allauth's templates.
        public static let passwordRemoved = Template(rawValue: "password_removed")
        public static let accountConnected = Template(rawValue: "account_connected")
        public static let accountDisconnected = Template(rawValue: "account_disconnected")
    }

    public var template: Template
    /// The recipient's address.
    public var to: String
    /// The template's values, by name: `url`, `code`, `email`, `username`, `site_name`, `ip`, …
    public var values: [String: String]
    /// The signal that is emitted when the transport has accepted the mail.
    public var onAccepted: EmailConfirmationSent?
    /// The id of the user whose account the mail is about; nil if there is none. The mail is deleted with the account.
    public var subject: String?
    /// The language of the mail; nil is the default language of the process that sends it.
    public var language: Language?

    public init(
        _ template: Template, to: String, values: [String: String], onAccepted: EmailConfirmationSent? = nil,
        subject: String? = nil, language: Language? = nil
    ) {
        self.template = template
        self.to = to
        self.values = values
        self.onAccepted = onAccepted
        self.subject = subject ?? onAccepted?.subject
        self.language = language
    }

    private enum CodingKeys: String, CodingKey {
        case template, to, values, onAccepted, subject, language
    }

    /// Written by hand for the language: a draft of an earlier version has none, and one that only a later version knows
    /// must not stop the mail.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        template = try container.decode(Template.self, forKey: .template)
        to = try container.decode(String.self, forKey: .to)
        values = try container.decode([String: String].self, forKey: .values)
        onAccepted = try container.decodeIfPresent(EmailConfirmationSent.self, forKey: .onAccepted)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        language = try container.decodeIfPresent(String.self, forKey: .language)
            .flatMap(Language.init(code:))
    }
}

/// A pending mail.
public struct QueuedMail: Sendable, Identifiable {
    /// Also the mail's `Message-ID`, which is the same for every attempt.
    public var id: UUID
    public var draft: MailDraft
    public var queuedAt: Date
    /// The number of failed attempts to deliver it.
    public var attempts: Int

    /// The longest time that a mail is deferred, in seconds: an hour.
    public static let longestWait: TimeInterval = 3600

    public init(id: UUID, draft: MailDraft, queuedAt: Date, attempts: Int) {
        self.id = id
        self.draft = draft
        self.queuedAt = queuedAt
        self.attempts = attempts
    }
}
