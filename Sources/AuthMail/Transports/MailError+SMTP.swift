// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

extension MailError {
    /// Maps the result of a CCurl call to an error; nil if the server has accepted the mail.
    ///
    /// A 5xx reply is about this mail only if it answers RCPT or the mail itself, and even there a refusal for
    /// reasons of
    /// policy, security or protocol is about the sender: see ``refusal(_:reply:)``. Before RCPT (greeting, TLS, log-in,
    /// sender) it is about the server or our settings. Such a mail waits until an operator has corrected them.
    ///
    /// - Parameter hiding: addresses to remove, because servers often quote them in replies.
    init?(_ result: CCurlResult, fault: String, reply: String, hiding: [String]) {
        let code = Int(result.replyCode)
        let words = Self.redacted(reply.isEmpty ? fault : reply, hiding: hiding)
        switch result.status {
        case .ok: return nil
        case .invalid: self.init(.malformed, fault)
        case .interrupted: self.init(.interrupted, "sending was cancelled")
        case .timedOut: self.init(.timedOut, "the mail server did not answer in time")
        case .tlsFailed where result.curlCode == CCURL_NO_TLS_OFFERED: self.init(.tlsFailed, Self.noTLS)
        case .tlsFailed: self.init(.tlsFailed, Self.redacted(fault, hiding: hiding))
        // The server's reply is left out: it could quote the credentials.
        case .loginRefused: self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 530 || code == 535 || code == 538:
            self.init(.loginRefused, "the mail server requires a log-in or TLS", replyCode: code)
        case .refused where result.step == .login:
            self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 421 || ![.recipient, .data].contains(result.step) && code != 552:
            self.init(.unavailable, words, replyCode: code)
        case .refused where code < 500: self.init(.postponed, words, replyCode: code)
        case .refused: self.init(Self.refusal(code, reply: reply), words, replyCode: code)
        default: self.init(.unavailable, Self.redacted(fault, hiding: hiding))
        }
    }

    /// Classifies a 5xx reply to RCPT or to the content of the mail.
    ///
    /// If the reply has an enhanced status code (RFC 3463), its subject decides: 7 (security and policy, such as "relay
    /// access denied"), 5 (protocol, such as a host name that is not fully qualified), 3 (the mail system) and the two
    /// codes about the sender's address concern every mail. Otherwise the reply codes for protocol errors and "no mail
    /// here" (500, 502, 503, 504, 521, 541, 556, 571) decide. Everything else is about this mail: an unknown or full
    /// mailbox, or content that is not accepted.
    private static func refusal(_ code: Int, reply: String) -> Code {
        if let status = EnhancedStatusCode(reply: reply) {
            switch (status.subject, status.detail) {
            // Message too large; too many recipients.
            case (3, 4), (5, 3): return .refused
            case (3, _), (5, _), (7, _), (1, 7), (1, 8): return .policyRefused
            // Routing errors and "other" may be temporary and are not about the mailbox.
            case (4, _), (0, _): return .postponed
            default: return .refused
            }
        }
        return [500, 502, 503, 504, 521, 541, 556, 571].contains(code) ? .policyRefused : .refused
    }

    private static let noTLS =
        "the mail server does not offer STARTTLS, but MAIL_URL requires TLS or contains a password, which is never "
        + "sent without TLS; use smtps://, enable STARTTLS at the server, or remove user and password from MAIL_URL"

    /// The text without addresses, at most 300 characters.
    static func redacted(_ words: String, hiding addresses: [String]) -> String {
        var words = words
        for address in addresses {
            words = words.replacingOccurrences(of: address, with: "<address>", options: .caseInsensitive)
            // Some servers quote the local part alone. One of fewer than 3 characters would match inside other words.
            if let local = address.split(separator: "@").first, local.count >= 3 {
                words = words.replacingOccurrences(
                    of: String(local), with: "<address>", options: .caseInsensitive)
            }
        }
        let tokens = words.split(separator: " ").map { $0.contains("@") ? "<address>" : String($0) }
        return tokens.joined(separator: " ").prefix(300).description
    }
}
