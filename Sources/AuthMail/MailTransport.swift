// SPDX-License-Identifier: Apache-2.0

/// Sends mails: the seam between the mail loop and SMTP.
///
/// Sending the same mail twice is allowed: it has the same `Message-ID` each time.
public protocol MailTransport: Sendable {
    /// Sends a mail. Returns once it is accepted.
    ///
    /// - Throws: ``MailError/Code/interrupted`` within about a second when the task is cancelled; otherwise
    ///   ``MailError/isPermanent`` is false if the mail may be retried.
    func send(_ mail: RenderedMail) async throws(MailError)

    /// Checks whether mails would be accepted, without sending one.
    func check() async throws(MailError)

    /// Closes all connections. A mail in flight is interrupted.
    func close() async
}

extension MailTransport {
    public func check() async throws(MailError) {}
    public func close() async {}
}
