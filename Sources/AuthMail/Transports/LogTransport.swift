// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Logging

/// Delivers nothing: the log tells which mail there was. For an installation that must not send mail.
///
/// The recipient is told at `debug` and below. The text is never told, since a key or a code in a log is a
/// key or a code for whoever reads it; ``FileTransport`` keeps whole mails.
public struct LogTransport: MailTransport {
    private let logger: Logger

    public init(logger: Logger) { self.logger = logger }

    public func send(_ mail: RenderedMail) async throws(MailError) {
        logger.info(
            "mail not delivered: MAIL_URL is log:",
            metadata: ["template": "\(mail.template.rawValue)", "mail": "\(mail.id.wireText)"])
        logger.debug(
            "its recipient", metadata: ["mail": "\(mail.id.wireText)", "to": "\(mail.recipient)"])
    }
}
