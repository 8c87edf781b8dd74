// SPDX-License-Identifier: Apache-2.0

/// Hands mails over to whoever delivers them: a seam between the mail loop and SMTP.
///
/// Handing over the same mail twice is allowed: it has the same `Message-ID` each time.
public protocol MailTransport: Sendable {
    /// Returns when the mail was accepted.
    ///
    /// - Throws: ``MailError/Code/interrupted`` within about a second when the task is cancelled; otherwise
    ///   ``MailError/isPermanent`` says whether the mail may be tried again.
    func send(_ mail: RenderedMail) async throws(MailError)

    /// Tries whether mails could be accepted, without sending one.
    func check() async throws(MailError)

    /// Lets go of connections. What is being sent is interrupted.
    func close() async
}

extension MailTransport {
    public func check() async throws(MailError) {}
    public func close() async {}
}
