// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import Foundation

/// A mail as it is sent, with its envelope.
public struct RenderedMail: Sendable, Identifiable {
    /// The id of the queued mail.
    public var id: UUID
    public var template: MailDraft.Template
    /// When the mail was queued.
    public var date: Date
    /// The envelope sender, without angle brackets.
    public var sender: String
    /// The envelope recipient, without angle brackets.
    public var recipient: String
    /// The message in the format of RFC 5322, with CRLF line ends.
    public var message: Data

    public init(
        id: UUID, template: MailDraft.Template, date: Date, sender: String, recipient: String, message: Data
    ) {
        self.id = id
        self.template = template
        self.date = date
        self.sender = sender
        self.recipient = recipient
        self.message = message
    }
}
