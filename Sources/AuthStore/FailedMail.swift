// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import Foundation

/// A permanently failed mail, as an operator sees it.
public struct FailedMail: Sendable, Identifiable {
    /// The id that `auth-signals mail list` prints.
    public var id: UUID
    /// When the flow queued the mail.
    public var queuedAt: Date
    /// When the last attempt failed.
    public var failedAt: Date
    /// How often it was tried.
    public var attempts: Int
    /// The transport's error text of the last attempt.
    public var reason: String?
    /// Nil if it was encrypted with a key that is not set.
    public var draft: MailDraft?

    package init(
        id: UUID, queuedAt: Date, failedAt: Date, attempts: Int, reason: String?, draft: MailDraft?
    ) {
        self.id = id
        self.queuedAt = queuedAt
        self.failedAt = failedAt
        self.attempts = attempts
        self.reason = reason
        self.draft = draft
    }
}
