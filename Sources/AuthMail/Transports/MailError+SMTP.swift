// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

extension MailError {
    /// What a call of the C face means for the mail; nil if the server has accepted it.
    ///
    /// A 5xx reply is about this mail only if it answers RCPT or the mail itself, and even there a fault of policy,
    /// security or protocol is about us: see ``refusal(_:reply:)``. Before RCPT (greeting, TLS, log-in, sender) it is
    /// about the server or our settings. Such a mail waits until an operator has repaired them.
    ///
    /// - Parameter hiding: addresses, which a server likes to quote in its replies.
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
        // The server's words could quote what we sent to log in.
        case .loginRefused: self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 530 || code == 535 || code == 538:
            self.init(.loginRefused, "the mail server wants a log-in or TLS", replyCode: code)
        case .refused where result.step == .login:
            self.init(.loginRefused, "the mail server refused the log-in", replyCode: code)
        case .refused where code == 421 || ![.recipient, .data].contains(result.step) && code != 552:
            self.init(.unavailable, words, replyCode: code)
        case .refused where code < 500: self.init(.postponed, words, replyCode: code)
        case .refused: self.init(Self.refusal(code, reply: reply), words, replyCode: code)
        default: self.init(.unavailable, Self.redacted(fault, hiding: hiding))
        }
    }

    /// What a 5xx reply to RCPT or to the mail's text is about.
    ///
    /// With an enhanced status code (RFC 3463) its subject decides: 7 (security and policy, such as a relay that
    /// refuses us), 5 (protocol, such as a host name that is not fully qualified), 3 (the mail system) and the two
    /// codes about the sender's address concern every mail. Only without one do the reply codes for faults of
    /// protocol and "no mail here" (500, 502, 503, 504, 521, 541, 556, 571) decide. Everything else is about this mail: an
    /// unknown or full mailbox, a text that is not accepted.
    private static func refusal(_ code: Int, reply: String) -> Code {
        if let status = EnhancedStatusCode(reply: reply) {
            switch (status.subject, status.detail) {
            // Too large; too many recipients of one mail.
            case (3, 4), (5, 3): return .refused
            case (3, _), (5, _), (7, _), (1, 7), (1, 8): return .policyRefused
            // Routing and "other" may pass, and say nothing of the mailbox.
            case (4, _), (0, _): return .postponed
            default: return .refused
            }
        }
        return [500, 502, 503, 504, 521, 541, 556, 571].contains(code) ? .policyRefused : .refused
    }

    private static let noTLS =
        "the mail server offers no TLS (STARTTLS), and MAIL_URL asks for it or holds a password, which is on purpose "
        + "not sent without TLS; use smtps://, turn on STARTTLS at the server, or remove user and password from MAIL_URL"

    /// The words without addresses, at most 300 bytes.
    static func redacted(_ words: String, hiding addresses: [String]) -> String {
        var words = words
        for address in addresses {
            words = words.replacingOccurrences(of: address, with: "<address>", options: .caseInsensitive)
            // Some servers quote the local part alone; a shorter one would be found in any word.
            if let local = address.split(separator: "@").first, local.count >= 3 {
                words = words.replacingOccurrences(
                    of: String(local), with: "<address>", options: .caseInsensitive)
            }
        }
        let tokens = words.split(separator: " ").map { $0.contains("@") ? "<address>" : String($0) }
        return tokens.joined(separator: " ").prefix(300).description
    }
}
