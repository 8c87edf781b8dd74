// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A mail as a flow asks for it: a template, whom it is for and what the template needs. Sealed at rest.
public struct MailDraft: Hashable, Sendable, Codable {
    /// Which text: allauth's template prefixes; an application may have its own.
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
        /// The password is void, and how to set a new one: not allauth's.
        public static let passwordRemoved = Template(rawValue: "password_removed")
        public static let accountConnected = Template(rawValue: "account_connected")
        public static let accountDisconnected = Template(rawValue: "account_disconnected")
    }

    public var template: Template
    /// The recipient's address.
    public var to: String
    /// What the template needs, by name: `url`, `code`, `email`, `username`, `site_name`, `ip`, …
    public var values: [String: String]
    /// Emitted when the transport has accepted the mail (D4).
    public var onAccepted: EmailConfirmationSent?

    public init(
        _ template: Template, to: String, values: [String: String], onAccepted: EmailConfirmationSent? = nil
    ) {
        self.template = template
        self.to = to
        self.values = values
        self.onAccepted = onAccepted
    }
}

/// A mail that waits to be delivered.
public struct QueuedMail: Sendable, Identifiable {
    /// Also the mail's `Message-ID`, the same at every attempt.
    public var id: UUID
    public var draft: MailDraft
    public var queuedAt: Date
    /// How often delivering it has failed.
    public var attempts: Int

    /// The longest that a mail waits for its next attempt: an hour.
    public static let longestWait: TimeInterval = 3600

    public init(id: UUID, draft: MailDraft, queuedAt: Date, attempts: Int) {
        self.id = id
        self.draft = draft
        self.queuedAt = queuedAt
        self.attempts = attempts
    }
}
