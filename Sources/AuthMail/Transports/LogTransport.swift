// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Logging

/// Logs each mail instead of delivering it, for an installation that must not send mail.
///
/// The recipient is logged at `debug` and below. The text is never logged, because it may contain a key or a code that
/// every reader of the log could use; ``FileTransport`` keeps whole mails.
public struct LogTransport: MailTransport {
    private let logger: Logger

    public init(logger: Logger) { self.logger = logger }

    public func send(_ mail: RenderedMail) async throws(MailError) {
        logger.info(
            "mail not delivered: MAIL_URL is log:",
            metadata: ["template": "\(mail.template.rawValue)", "mail": "\(mail.id.wireText)"])
        logger.debug(
            "recipient of the undelivered mail",
            metadata: ["mail": "\(mail.id.wireText)", "to": "\(mail.recipient)"])
    }
}
