// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

extension MailError {
    /// Maps the result of a CCurl call to an error; nil if the server has accepted the mail.
    ///
    /// A 5xx reply is about this mail only if it answers RCPT or the mail itself, and even there a refusal for reasons
    /// of policy, security or protocol is about the sender: see ``refusal(_:reply:)``. Before RCPT (greeting, TLS,
    /// log-in, sender) it is about the server or our settings. Such a mail waits until an operator has corrected them.
    ///
    /// - Parameter hiding: addresses to remove, because servers often quote them in replies.
    init?(_ result: CCurlResult, fault: String, reply: String, hiding: [String]) {
        let code = Int(result.replyCode)
        let text = Self.redacted(reply.isEmpty ? fault : reply, hiding: hiding)
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
            self.init(.unavailable, text, replyCode: code)
        case .refused where code < 500: self.init(.postponed, text, replyCode: code)
        case .refused: self.init(Self.refusal(code, reply: reply), text, replyCode: code)
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
    static func redacted(_ text: String, hiding addresses: [String]) -> String {
        var text = text
        for address in addresses {
            text = text.replacingOccurrences(of: address, with: "<address>", options: .caseInsensitive)
            // Some servers quote the local part alone. One of fewer than 3 characters would match inside other words.
            if let local = address.split(separator: "@").first, local.count >= 3 {
                text = text.replacingOccurrences(
                    of: String(local), with: "<address>", options: .caseInsensitive)
            }
        }
        let tokens = text.split(separator: " ").map { $0.contains("@") ? "<address>" : String($0) }
        return tokens.joined(separator: " ").prefix(300).description
    }
}

/// An enhanced mail system status code (RFC 3463) at the beginning of a reply's text (RFC 2034): `5.7.1`.
///
/// A reply code such as 550 or 554 does not tell whether the recipient or the sender causes a refusal; the second and
/// third number do.
private struct EnhancedStatusCode: Hashable, Sendable {
    /// 1 addressing, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 security and policy.
    var subject: Int
    var detail: Int

    init(_ subject: Int, _ detail: Int) {
        self.subject = subject
        self.detail = detail
    }

    /// Reads the last line of a reply, such as `550 5.1.1 no such mailbox`; nil if it contains no enhanced status code.
    init?(reply: String) {
        let bytes = Array(reply.utf8.prefix(32))
        guard bytes.count > 4, bytes[3] == UInt8(ascii: " ") || bytes[3] == UInt8(ascii: "-") else {
            return nil
        }
        let word = bytes[4...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "#") }
            .prefix { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let numbers = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ (1...3).contains($0.count) }) else { return nil }
        let values = numbers.map { $0.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
        guard [2, 4, 5].contains(values[0]) else { return nil }
        self.init(values[1], values[2])
    }
}
